// A real Erlang or Elixir node run beside the test.
#pragma once

#include "support/harness_error.hpp"
#include "support/otp_release.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::interop {

enum class language { erlang, elixir };
enum class visibility { visible, hidden };

struct beam_options {
    otp_release release = 25;
    /// The node's full name, such as "alice@127.0.0.1" or, with `-proto_dist inet6_tcp`, "alice@::1"; empty
    /// starts a BEAM that is not distributed.
    std::string name;
    std::string cookie = "rakka_interop";
    /// The epmd to register with; see private_epmd.
    std::uint16_t epmd_port = 4369;
    visibility visible = visibility::visible;
    interop::language language = interop::language::erlang;
    /// Further flags of erl, such as {"-kernel", "net_ticktime", "5"}; none may contain a blank under Elixir.
    std::vector<std::string> flags;
    std::vector<std::pair<std::string, std::string>> environment;
    std::chrono::milliseconds start_timeout{30'000};
};

/// A process inside a BEAM that keeps its mailbox, links, monitors and variables from one expression to the
/// next. Borrowed from its beam_node, which must outlive it.
class beam_shell;

/// A BEAM that is up when the constructor returns and gone (with its process group) when the destructor does.
/// It listens on 127.0.0.1 only and never starts an epmd. Expressions travel over a control socket, not over
/// distribution. Unless said otherwise members may be called by any thread and throw harness_error, whose
/// text carries what the BEAM printed.
class beam_node {
public:
    static constexpr std::chrono::milliseconds default_timeout{20'000};

    /// Blocks until the node is registered and answers.
    explicit beam_node(const beam_options& options);
    ~beam_node();
    beam_node(beam_node&&) noexcept;
    beam_node& operator=(beam_node&&) noexcept;

    /// node() of this BEAM.
    const std::string& name() const;
    const beam_options& options() const;

    /// Runs an Erlang expression (final dot optional) in a fresh process; returns its value as ~0tp prints
    /// it. Throws beam_error when the expression raises, harness_error when there is no answer in time.
    std::string eval(std::string_view expression, std::chrono::milliseconds timeout = default_timeout);
    /// The same without waiting: for expressions that end only after the test has done something.
    std::future<std::string> eval_async(std::string_view expression);
    /// The same in Elixir (Elixir nodes only); the value as inspect/2 prints it, without limits.
    std::string eval_elixir(std::string_view code, std::chrono::milliseconds timeout = default_timeout);
    std::future<std::string> eval_elixir_async(std::string_view code);

    /// Compiles Erlang source inside the BEAM and loads it. Macros and include_lib work.
    void load_module(const std::filesystem::path& file);
    void load_module_source(std::string_view source);
    /// Loads compiled code, what a .beam file holds; gives the module's name.
    std::string load_module_code(std::string_view code);

    /// A new process that several expressions can share.
    beam_shell new_shell();

    /// What the BEAM printed on stdout and stderr so far.
    std::string output() const;
    /// Blocks until `text` was printed; false when time is up.
    bool wait_for_output(std::string_view text, std::chrono::milliseconds timeout = default_timeout) const;

    /// The operating system's process id, and whether that process still runs.
    int os_pid() const;
    bool is_alive() const;
    /// Blocks until the BEAM has ended by itself (after init:stop/0, for instance); false when time is up.
    bool wait_for_exit(std::chrono::milliseconds timeout = default_timeout) const;
    /// Ends it at once, as a power failure would (SIGKILL). Not concurrently with other members.
    void kill();
    /// Stops and continues all its threads (SIGSTOP, SIGCONT): a peer that hangs with open connections.
    void freeze();
    void thaw();

private:
    friend class beam_shell;
    struct state;
    std::unique_ptr<state> state_;
};

class beam_shell {
public:
    /// As beam_node::eval, in this process, with this process's variables. Expressions run one after another.
    /// Throws beam_error("the process was ended: …") when the process is killed meanwhile.
    std::string eval(std::string_view expression,
                     std::chrono::milliseconds timeout = beam_node::default_timeout);
    std::future<std::string> eval_async(std::string_view expression);
    std::string eval_elixir(std::string_view code,
                            std::chrono::milliseconds timeout = beam_node::default_timeout);

private:
    friend class beam_node;
    beam_shell(beam_node::state& node, std::uint32_t number) : node_{&node}, number_{number} {}

    beam_node::state* node_;
    std::uint32_t number_;
};

}  // namespace rakka::interop
