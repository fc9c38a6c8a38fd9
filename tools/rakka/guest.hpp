// What commands that talk to a node share: a node of their own, for as long as the command runs.
#pragma once

#include <rakka/rakka.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rakka::tools {

/// How to reach a node, as the command line has it.
struct reach_options {
    std::string node;  ///< name@host
    std::string own_name;
    std::string cookie;
    std::string cookie_file;
    std::string tls_optfile;
    std::uint16_t epmd_port = 0;
    std::uint16_t port = 0;  ///< dial this port, ask no epmd
    double timeout = 7;      ///< seconds
};

/// NODE and the options above.
void add_reach_options(CLI::App& command, reach_options& into);

/// A name that no other program of this user has at the same time: one of few that are used again and again,
/// because each name of a node that a BEAM meets takes an atom there for ever.
class lent_name {
public:
    /// For talking to `peer`: of the form of its name. Blocks on the file system for a moment.
    explicit lent_name(const std::string& peer);
    ~lent_name();
    lent_name(const lent_name&) = delete;
    lent_name& operator=(const lent_name&) = delete;

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
    int lock_ = -1;
};

/// A hidden node that nobody can dial. Made, used and destroyed by one thread.
class guest {
public:
    /// Nothing of it is started when it fails; the message says why.
    static boost::system::result<std::unique_ptr<guest>, std::string> start(const reach_options& how);

    [[nodiscard]] system& running() noexcept { return system_; }
    [[nodiscard]] node& self() noexcept { return *node_; }
    [[nodiscard]] atom peer() const noexcept { return peer_; }
    /// Connects; the whole story when that fails. Blocks.
    struct failure {
        error_code code;
        std::string text;
    };
    [[nodiscard]] std::optional<failure> connect();

private:
    guest() = default;

    std::unique_ptr<lent_name> name_;
    std::mutex mutex_;
    std::string last_warning_;  // guarded by mutex_
    system system_{{.workers = 1}};
    std::optional<node> node_;
    atom peer_;
};

}  // namespace rakka::tools
