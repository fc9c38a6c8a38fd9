#include "support/beam_node.hpp"

#include "support/child_process.hpp"
#include "support/control_channel.hpp"

#include <atomic>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <utility>

namespace rakka::interop {

namespace {

using std::chrono::milliseconds;

// Flags of the emulator that hold for every BEAM of the tests.
std::vector<std::string> emulator_flags(const beam_options& options) {
    const bool ipv6 = options.name.find("::") != std::string::npos;
    std::vector<std::string> flags{"-start_epmd", "false", "-kernel", "inet_dist_use_interface",
                                   ipv6 ? "{0,0,0,0,0,0,0,1}" : "{127,0,0,1}",
                                   // Tests share few cores: a BEAM that waits must not spin.
                                   "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"};
    flags.insert(flags.end(), options.flags.begin(), options.flags.end());
    return flags;
}

std::vector<std::string> erlang_command(const beam_options& options, const std::string& bootstrap) {
    std::vector<std::string> command{otp_program(options.release, "erl"), "-noinput"};
    if (!options.name.empty()) {
        command.insert(command.end(), {"-name", options.name, "-setcookie", options.cookie});
        if (options.visible == visibility::hidden) command.emplace_back("-hidden");
    }
    const auto flags = emulator_flags(options);
    command.insert(command.end(), flags.begin(), flags.end());
    command.insert(command.end(), {"-eval", bootstrap});
    return command;
}

std::vector<std::string> elixir_command(const beam_options& options, const std::string& bootstrap) {
    std::vector<std::string> command{otp_program(options.release, "elixir")};
    if (!options.name.empty()) {
        command.insert(command.end(), {"--name", options.name, "--cookie", options.cookie});
        if (options.visible == visibility::hidden) command.emplace_back("--hidden");
    }
    std::string flags;
    for (const auto& flag : emulator_flags(options))
        flags += (flags.empty() ? "" : " ") + flag;
    const auto code = "{:ok, t, _} = :erl_scan.string(~c\"" + bootstrap +
                      "\"); {:ok, e} = :erl_parse.parse_exprs(t); :erl_eval.exprs(e, [])";
    command.insert(command.end(), {"--erl", flags, "--no-halt", "-e", code});
    return command;
}

std::vector<std::string> command_of(const beam_options& options, const std::string& bootstrap) {
    auto command = options.language == language::elixir ? elixir_command(options, bootstrap)
                                                        : erlang_command(options, bootstrap);
    if (command.front().empty()) {
        throw harness_error{"OTP " + std::to_string(options.release) +
                            " is not available: scripts/otp install " + std::to_string(options.release)};
    }
    return command;
}

std::vector<std::pair<std::string, std::string>> environment_of(const beam_options& options) {
    std::vector<std::pair<std::string, std::string>> variables{
        {"ERL_EPMD_PORT", std::to_string(options.epmd_port)},
        {"ERL_CRASH_DUMP_BYTES", "0"},
        {"ERL_FLAGS", ""},
        {"ERL_AFLAGS", ""},
        {"ERL_ZFLAGS", ""},
        {"ERL_LIBS", ""},
    };
    variables.insert(variables.end(), options.environment.begin(), options.environment.end());
    return variables;
}

}  // namespace

struct beam_node::state {
    explicit state(const beam_options& chosen)
        : options{chosen},
          child{command_of(chosen, channel.bootstrap()), environment_of(chosen)},
          name{channel.accept(child, chosen.start_timeout)} {}

    std::string wait(std::future<std::string> future, std::string_view what, milliseconds timeout) {
        if (future.wait_for(timeout) != std::future_status::ready) fail("no answer in time", what);
        try {
            return future.get();
        } catch (const beam_error& error) {
            throw beam_error{describe(error.what(), what)};
        } catch (const harness_error& error) {
            fail(error.what(), what);
        }
    }

    [[noreturn]] void fail(std::string_view problem, std::string_view what) {
        throw harness_error{describe(problem, what)};
    }

    std::string describe(std::string_view problem, std::string_view what) {
        auto text = name + ": " + std::string{problem} + "\n  in: " + std::string{what};
        if (const auto printed = child.output(); !printed.empty()) text += "\n  it printed:\n" + printed;
        return text;
    }

    beam_options options;
    control_channel channel;
    child_process child;
    std::string name;
    std::atomic<std::uint32_t> last_shell{0};
};

beam_node::beam_node(const beam_options& options) : state_{std::make_unique<state>(options)} {}
beam_node::~beam_node() = default;
beam_node::beam_node(beam_node&&) noexcept = default;
beam_node& beam_node::operator=(beam_node&&) noexcept = default;

const std::string& beam_node::name() const {
    return state_->name;
}
const beam_options& beam_node::options() const {
    return state_->options;
}

std::string beam_node::eval(std::string_view expression, milliseconds timeout) {
    return state_->wait(eval_async(expression), expression, timeout);
}

std::future<std::string> beam_node::eval_async(std::string_view expression) {
    return state_->channel.request(request_kind::erlang, 0, expression);
}

std::string beam_node::eval_elixir(std::string_view code, milliseconds timeout) {
    return state_->wait(eval_elixir_async(code), code, timeout);
}

std::future<std::string> beam_node::eval_elixir_async(std::string_view code) {
    return state_->channel.request(request_kind::elixir, 0, code);
}

void beam_node::load_module(const std::filesystem::path& file) {
    std::ifstream stream{file};
    const std::string source{std::istreambuf_iterator<char>{stream}, {}};
    if (source.empty()) throw harness_error{"cannot read " + file.string()};
    state_->wait(state_->channel.request(request_kind::module_source, 0, source), file.string(),
                 default_timeout);
}

void beam_node::load_module_source(std::string_view source) {
    state_->wait(state_->channel.request(request_kind::module_source, 0, source), source, default_timeout);
}

std::string beam_node::load_module_code(std::string_view code) {
    return state_->wait(state_->channel.request(request_kind::module_code, 0, code), "compiled code",
                        default_timeout);
}

beam_shell beam_node::new_shell() {
    return beam_shell{*state_, ++state_->last_shell};
}

std::string beam_node::output() const {
    return state_->child.output();
}

bool beam_node::wait_for_output(std::string_view text, milliseconds timeout) const {
    return state_->child.wait_for_output(text, timeout);
}

int beam_node::os_pid() const {
    return state_->child.pid();
}
bool beam_node::is_alive() const {
    return !state_->child.has_exited();
}
bool beam_node::wait_for_exit(milliseconds timeout) const {
    return state_->child.wait_for_exit(timeout);
}
void beam_node::kill() {
    state_->child.kill();
}
void beam_node::freeze() {
    state_->child.signal(SIGSTOP);
}
void beam_node::thaw() {
    state_->child.signal(SIGCONT);
}

std::string beam_shell::eval(std::string_view expression, milliseconds timeout) {
    return node_->wait(eval_async(expression), expression, timeout);
}

std::future<std::string> beam_shell::eval_async(std::string_view expression) {
    return node_->channel.request(request_kind::erlang, number_, expression);
}

std::string beam_shell::eval_elixir(std::string_view code, milliseconds timeout) {
    return node_->wait(node_->channel.request(request_kind::elixir, number_, code), code, timeout);
}

}  // namespace rakka::interop
