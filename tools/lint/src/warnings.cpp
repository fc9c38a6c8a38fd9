#include "warnings.hpp"

namespace rakka::lint {

namespace {

constexpr std::array<warning_text, warning_count> texts{{
    {"reference-capture", "the process may outlive it, and both may use it at the same time",
     "capture a copy, move it in, or send it as a message"},
    {"shared-state", "several processes may use it at the same time, from different threads",
     "make it const, keep it inside one process and ask that one, or make it a std::atomic"},
    {"thread-local", "a process moves between threads wherever it may block, and shares each with others",
     "keep it in a local or in the process dictionary: put(), get()"},
    {"raw-thread",
     "the new thread is no process: no links, no exit reason, no self(); stop() does not wait for it",
     "spawn a process, or run the call with blocking()"},
    {"lock",
     "a process that waits for a lock holds its worker thread, and one that blocks while it has the "
     "lock may go on in another thread",
     "keep the state inside one process and ask that one, or take the lock inside blocking()"},
    {"blocking-call", "it holds the worker thread, and every process that waits for its turn on it",
     "wait with receive() and a time-out or with a timer, or make the call inside blocking()"},
    {"bad-allowance", "it silences nothing", "write '// rakka-lint: allow(id) the reason'"},
}};

}  // namespace

const warning_text& text_of(warning w) noexcept {
    return texts[static_cast<std::size_t>(w)];
}

std::optional<warning> warning_by_id(std::string_view id) noexcept {
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (texts[i].id == id) return static_cast<warning>(i);
    }
    return std::nullopt;
}

}  // namespace rakka::lint
