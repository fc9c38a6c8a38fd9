// What the tests of init and of changes of code have in common.
#pragma once

#include "supervisor/supervisor_support.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/etf/parse.hpp>
#include <rakka/otp/sys.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace rakka {

/// What init says, which a test may change; read by the process of the supervisor.
template <class T>
class changing {
public:
    explicit changing(T first) : held_(std::make_shared<held>(std::move(first))) {}
    void operator=(T next) const {
        const std::lock_guard lock(held_->mutex);
        held_->now = std::move(next);
    }
    T operator()() const {
        const std::lock_guard lock(held_->mutex);
        return held_->now;
    }

private:
    struct held {
        explicit held(T first) : now(std::move(first)) {}
        std::mutex mutex;
        T now;
    };
    std::shared_ptr<held> held_;
};
using changing_setup = changing<std::optional<supervisor::setup>>;

/// Suspends, changes, resumes. `ok`, or why not.
inline std::string change(const server_ref& server) {
    sys::suspend(server);
    const auto refused = sys::change_code(server, "m"_a, "1"_a, list());
    sys::resume(server);
    return refused ? refused->to_string() : "ok";
}

/// The ids, the last started first, with a `-` behind those that do not run.
inline std::string ids_of(const server_ref& server) {
    std::string all;
    for (const child_info& c : supervisor::which_children(server)) {
        all += (all.empty() ? "" : " ") + c.id.to_string();
        if (c.what != child_info::state::running) all += "-";
    }
    return all;
}

inline std::string key_of(const term& map, atom key) {
    const auto found = map.map().find(key);
    return found ? found->to_string() : "nothing";
}

inline child_spec idle_child(term id, restart_type restart = restart_type::permanent) {
    return {.id = std::move(id), .start = idle, .restart = restart};
}

/// Exports m:init/1, which gives what `said` holds in Erlang's notation.
inline void export_init(const changing<std::string>& said) {
    this_system().exports().add("idle"_a, "start_link"_a, [] { return idle(); });
    this_system().exports().add("m"_a, "init"_a, [said](const term&) { return parse_term(said()).value(); });
}

}  // namespace rakka
