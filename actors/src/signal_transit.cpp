#include "signal_transit.hpp"

#include "engine/current.hpp"
#include "process_record.hpp"
#include "signal_delivery.hpp"
#include "system_core.hpp"

#include <rakka/base/check.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace rakka::detail {

namespace {

// One more after each signal that has arrived, with this probability, before others run.
constexpr std::uint32_t one_in = 2;

}  // namespace

signal_transit::signal_transit(system_core& core, std::uint64_t seed)
    : task(core.scheduling(), task_priority::aside), core_(core), random_(~seed) {}

void signal_transit::discard() noexcept {
    // What is freed may send in its destructors.
    while (!flows_.empty()) {
        const std::vector<flow> now = std::exchange(flows_, {});
        for (const flow& f : now) {
            for (signal* s = f.first; s != nullptr;) {
                signal* const following = s->next;
                if (s->kind == signal_kind::answer || s->kind == signal_kind::watch) {
                    answer_for_dead(core_, {}, *s);
                } else {
                    free_signal(core_, *s);
                }
                s = following;
            }
        }
    }
}

signal_transit::flow* signal_transit::find(std::uint32_t sender, const process& target) noexcept {
    const auto at = std::find_if(flows_.begin(), flows_.end(),
                                 [&](const flow& f) { return f.sender == sender && f.target == &target; });
    return at == flows_.end() ? nullptr : &*at;
}

void signal_transit::carry(std::uint32_t sender_slot, process& target, signal& s) noexcept {
    RAKKA_DCHECK(s.storage != signal_storage::foreign);
    s.next = nullptr;
    {
        const std::lock_guard lock(lock_);
        if (flow* const f = find(sender_slot, target)) {
            f->last = f->last->next = &s;
        } else {
            flows_.push_back({sender_slot, &target, &s, &s});
        }
        if (std::exchange(queued_, true)) return;
    }
    make_runnable(*this);
}

signal* signal_transit::take(process*& target) noexcept {
    const std::lock_guard lock(lock_);
    if (flows_.empty()) return nullptr;
    flow& f = flows_[random_.below(static_cast<std::uint32_t>(flows_.size()))];
    signal* const s = f.first;
    target = f.target;
    f.first = s->next;
    if (f.first == nullptr) {
        f = flows_.back();
        flows_.pop_back();
    }
    return s;
}

bool signal_transit::goes_on() noexcept {
    const std::lock_guard lock(lock_);
    return random_.below(one_in) == 0;
}

step signal_transit::run_slice() noexcept {
    leave_task();  // what arrives, and whatever its destruction may do, is no process's work
    do {
        process* target = nullptr;
        signal* const s = take(target);
        if (s == nullptr) break;
        const pid whom{{}, target->slot, s->serial, core_.origin};
        if (!arrive(*target, whom.serial, *s)) answer_for_dead(core_, whom, *s);
    } while (goes_on());
    {
        const std::lock_guard lock(lock_);
        queued_ = !flows_.empty();
        if (!queued_) return step::wait;
    }
    make_runnable(*this);
    return step::wait;
}

}  // namespace rakka::detail
