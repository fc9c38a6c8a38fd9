#include "supervisor/child_stop.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/saturated.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <unordered_map>
#include <utility>

namespace rakka::detail {
namespace {

using limit = child_shutdown::kind;

bool expected(term_view reason, const child_kind& kind) {
    if (kind.shutdown.what() == limit::brutal_kill) {
        if (reason.is_atom(atoms::known<"killed">)) return true;
        if (reason.is_atom(atoms::known<"shutdown">)) return !kind.permanent();
    } else if (reason.is_atom(atoms::known<"shutdown">)) {
        return true;
    }
    const bool orderly =
        reason.is_atom(atoms::known<"normal">) || reason.is_tagged(atoms::known<"shutdown">, 2);
    return orderly && !kind.permanent();
}

void ask_to_end(const pid& child, const child_kind& kind) {
    const bool at_once = kind.shutdown.what() == limit::brutal_kill;
    rakka::exit(child, at_once ? atoms::known<"kill"> : atoms::known<"shutdown">);
}

bool is_exit_of(const pid& child, term_view message) {
    if (!message.is_tagged(atoms::known<"EXIT">, 3)) return false;
    const auto from = message.tuple()[1].as<pid>();
    return from && *from == child;
}

/// Takes the link away; gives the reason of the 'EXIT' message that had come over it, or the other one. The
/// first is better: of a child that had ended before it was monitored, the second says `noproc`.
term reason_from_link(const pid& child, const term& reason_of_monitor) {
    unlink(child);
    const auto exited =
        receive_if([&](term_view m) { return is_exit_of(child, m); }, std::chrono::nanoseconds(0));
    return exited ? exited->share(exited->tuple()[2]) : reason_of_monitor;
}

/// Children that are ending, all at once. The messages about them are taken in the order in which they come,
/// so that there is no search for each.
class ending_children {
public:
    explicit ending_children(const std::vector<child_to_stop>& all) {
        begin_ = this_system().now();
        for (const child_to_stop& c : all) {
            all_.emplace(c.child, state{c, monitor(c.child), {}});
            ask_to_end(c.child, *c.kind);
            if (c.kind->shutdown.what() == limit::timed) limits_[c.kind->shutdown.time()].push_back(c.child);
        }
    }

    std::vector<failed_stop> wait() {
        while (ended_ < all_.size()) {
            const auto message = receive_if([this](term_view m) { return concerns(m); }, time_left());
            if (message)
                take(*message);
            else
                kill_late_ones();
        }
        take_late_exits();
        return report();
    }

private:
    struct state {
        child_to_stop who;
        reference monitor;
        term reason;  // of the link, if it said so; else of the monitor
        bool ended = false;
    };

    /// Whom a message is about, when it is one that says that one of them has ended.
    state* about(term_view m) {
        const bool down = m.is_tagged(atoms::known<"DOWN">, 5);
        if (!down && !m.is_tagged(atoms::known<"EXIT">, 3)) return nullptr;
        const auto child = m.tuple()[down ? 3 : 1].as<pid>();
        if (!child) return nullptr;
        const auto found = all_.find(*child);
        if (found == all_.end() || (down && !is_down(found->second.monitor, m))) return nullptr;
        return &found->second;
    }
    bool concerns(term_view m) { return about(m) != nullptr; }

    void take(const term& message) {
        state& s = *about(message.view());
        if (message.is_tagged(atoms::known<"EXIT">, 3)) {
            s.reason = message.share(message.tuple()[2]);
            return;
        }
        unlink(s.who.child);
        s.ended = true;
        if (!s.reason.has_value()) s.reason = message.share(message.tuple()[4]);
        ++ended_;
    }

    /// Until the next limit; nothing: for ever.
    std::chrono::nanoseconds time_left() const {
        if (limits_.empty()) return std::chrono::nanoseconds::max();
        const auto left = saturated(limits_.begin()->first) - (this_system().now() - begin_);
        return std::max<std::chrono::nanoseconds>(left, std::chrono::nanoseconds(0));
    }

    void kill_late_ones() {
        if (limits_.empty()) return;
        for (const pid& child : limits_.begin()->second)
            if (!all_.at(child).ended) rakka::exit(child, atoms::known<"kill">);
        limits_.erase(limits_.begin());
    }

    /// What has come over links after the monitors' messages.
    void take_late_exits() {
        while (const auto exited = receive_if(
                   [this](term_view m) { return m.is_tagged(atoms::known<"EXIT">, 3) && concerns(m); },
                   std::chrono::nanoseconds(0)))
            take(*exited);
    }

    std::vector<failed_stop> report() {
        std::vector<failed_stop> failed;
        for (auto& [child, s] : all_)
            if (!expected(s.reason.view(), *s.who.kind)) failed.push_back({s.who, std::move(s.reason)});
        return failed;
    }

    std::unordered_map<pid, state> all_;
    std::size_t ended_ = 0;  // of all_
    std::map<std::chrono::milliseconds, std::vector<pid>> limits_;
    std::chrono::nanoseconds begin_{};
};

}  // namespace

std::optional<term> stop_child(const pid& child, const child_kind& kind) {
    const reference ref = monitor(child);
    ask_to_end(child, kind);
    const auto is_end = [&](term_view m) { return is_down(ref, m); };
    std::optional<std::chrono::nanoseconds> limit_of_child;
    if (kind.shutdown.what() == limit::timed) limit_of_child = saturated(kind.shutdown.time());
    auto down = receive_if(ref, is_end, limit_of_child);
    if (!down) {
        rakka::exit(child, atoms::known<"kill">);
        down = receive_if(ref, is_end);
    }
    term reason = reason_from_link(child, down->share(down->tuple()[4]));
    if (expected(reason.view(), kind)) return std::nullopt;
    return reason;
}

std::vector<failed_stop> stop_children(const std::vector<child_to_stop>& children) {
    if (children.empty()) return {};
    return ending_children(children).wait();
}

}  // namespace rakka::detail
