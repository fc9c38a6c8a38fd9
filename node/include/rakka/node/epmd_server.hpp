// An Erlang Port Mapper Daemon inside this program, for machines without one.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/node/epmd_client.hpp>
#include <rakka/node/log.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rakka {

class system;

struct epmd_server_options {
    std::uint16_t port = 0;      ///< 0 = the environment's ERL_EPMD_PORT, else 4369
    bool any_free_port = false;  ///< for tests: the system chooses, `port` is not looked at
    std::vector<std::string> addresses = {
        "0.0.0.0"};  ///< to listen on; only local peers may register in any case
    /// Nodes that it knows from the start, for ever, without their having registered: for nodes that talk to
    /// no epmd. start() fails with bad_option for a name that is twice in it, or none.
    std::vector<epmd_name> known;
    bool relaxed_command_check = false;  ///< Erlang: `epmd -relaxed_command_check`
    node_log log;                        ///< none: to the log of the system
};

/// Serves on the event loop of a system, which must outlive it. Real BEAM nodes may register with it as with
/// any epmd. start, stop and the destructor: any thread but the I/O thread; they wait for it. Inside a
/// process use blocking().
class epmd_server {
public:
    /// Errors: the system's, above all address_in_use (an epmd is running already) and permission_denied.
    static result<epmd_server> start(system& s, epmd_server_options options = {});

    epmd_server(epmd_server&&) noexcept;
    epmd_server& operator=(epmd_server&&) noexcept;
    ~epmd_server();

    /// Closes every connection, which unregisters all. Idempotent.
    void stop();
    /// Any thread.
    [[nodiscard]] std::uint16_t port() const noexcept;

    struct state;

private:
    explicit epmd_server(std::shared_ptr<state> s);
    std::shared_ptr<state> state_;
};

/// The port that ERL_EPMD_PORT names, else 4369. Any thread. [epmd]
[[nodiscard]] std::uint16_t default_epmd_port();

}  // namespace rakka
