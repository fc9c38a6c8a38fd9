// Whether a system is ready for work: what `/readyz` answers, from checks that the program adds.
//
//     on_readiness(system, "database", [] { return gen_server::try_call("db"_a, "ping"_a, 500ms).has_value();
//     });
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rakka {

class system;

/// `check` runs in a process of the system whenever somebody asks: it may use all that processes may, and
/// block for a moment. False, or an exception: not ready. Returns its number. Any thread.
std::uint64_t on_readiness(system& s, std::string name, std::function<bool()> check);
/// False when there is no such check. Waits for calls of it that are under way, so that what it refers to may
/// go; but not inside a process, which such a call may be waiting for, and in a simulation not at all: there
/// the check must share what it uses. Any thread.
bool remove_readiness(system& s, std::uint64_t number);

struct readiness_check {
    std::string name;
    bool ready = false;
    std::string why{};  ///< why not, as far as that is known
};

struct readiness {
    bool ready = false;
    std::vector<readiness_check> checks;
    /// A line for each check, as Kubernetes writes them: "[+]database ok".
    [[nodiscard]] std::string to_string() const;
};

/// An answer that is being made.
class readiness_poll {
public:
    readiness_poll() = default;
    readiness_poll(const readiness_poll&) = delete;
    readiness_poll& operator=(const readiness_poll&) = delete;
    virtual ~readiness_poll() = default;
    [[nodiscard]] virtual bool complete() const = 0;
    /// As far as it is known: what has not answered yet is not ready. Any thread.
    [[nodiscard]] virtual readiness result() const = 0;
};

/// Begins to ask all checks, one after the other, in one process, and returns at once. `done` is called when
/// the answer is complete, on any thread; not as long as a check hangs. It must not block or throw. A system
/// that is shutting down, has stopped, or has no room for one more process is not ready, without being asked.
/// Any thread.
std::shared_ptr<const readiness_poll> ask_readiness(system& s, std::function<void()> done);

}  // namespace rakka
