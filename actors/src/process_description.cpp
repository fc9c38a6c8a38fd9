// What process_info() tells: put together by the process that is asked about.
#include "current_function.hpp"
#include "engine/current.hpp"
#include "engine/reductions.hpp"
#include "mailbox_limits.hpp"
#include "process_record.hpp"
#include "system_core.hpp"
#include "tracing.hpp"

#include <rakka/actors/process.hpp>

#include <boost/core/demangle.hpp>

#include <iterator>
#include <typeinfo>

namespace rakka::detail {

namespace {

constexpr std::size_t most_ancestors = 32;

std::size_t bytes_of_messages(const message_queue& queue) noexcept {
    std::size_t n = 0;
    for (signal* s = queue.first(); s != nullptr; s = s->next) {
        const etf::detail::arena* const held = owner_of(*s);
        if (held != nullptr) n += held->bytes();
        if (s->storage == signal_storage::traced) {
            n += sizeof(traced_signal);
        } else if (s->storage != signal_storage::arena) {
            n += s->storage == signal_storage::small ? sizeof(signal_with_term) : sizeof(control_signal);
        }
    }
    return n;
}

std::string code_name(const process& p) {
    if (p.body) return boost::core::demangle(p.body->code().name());
    if (!p.handler) return {};
    const message_handler& handler = *p.handler;
    return boost::core::demangle(typeid(handler).name());
}

pid unpacked(const system_core& core, std::uint64_t packed) noexcept {
    return {{}, static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32), core.origin};
}

std::vector<pid> ancestors_of(const process& p) {
    std::vector<pid> out;
    std::uint64_t next = p.parent.load(std::memory_order_relaxed);
    while (next != 0 && out.size() < most_ancestors) {
        const pid ancestor = unpacked(*p.system, next);
        out.push_back(ancestor);
        const process* const slot = find_alive(*p.system, ancestor);
        if (slot == nullptr) break;
        next = slot->parent.load(std::memory_order_acquire);
        if (find_alive(*p.system, ancestor) == nullptr) break;  // it was another's
    }
    return out;
}

}  // namespace

process_information process::describe() {
    process_information out;
    out.status = state == phase::ending || doomed ? process_status::exiting
                 : waiting                        ? process_status::waiting
                                                  : process_status::running;
    out.message_queue_len = messages.size();
    out.memory = sizeof(process) + bytes_of_messages(messages);
    if (related) {
        for (const auto& [peer, link] : related->links.entries())
            if (link.active) out.links.push_back(peer);
        for (const auto& [ref, m] : related->monitors.entries())
            out.monitors.push_back(m.target);
        if (const pending_call* const call = related->watched_call())
            out.monitors.push_back(call->server.target);
        related->watchers.for_each(
            [&](const reference&, const watcher_entry& w) { out.monitored_by.push_back(w.watcher); });
        if (const auto* const entries = related->dictionary()) out.dictionary = *entries;
        out.memory += related->memory();
    }
    out.registered_name = atom::from_id(static_cast<std::uint32_t>(identity.load(std::memory_order_acquire)));
    settle_reductions();
    out.reductions = reductions();
    out.group_leader = leader;
    out.trap_exit = traps_exit;
    out.priority = static_cast<process_priority>(scheduling_priority());
    out.ancestors = ancestors_of(*this);
    if (!out.ancestors.empty()) out.parent = out.ancestors.front();
    out.label = label_of(*this);
    out.threaded = threaded;
    if (const trace_state* const t = trace_of(*this)) out.sequential_trace_token = t->token.to_term();
    out.max_mailbox = limit_of(*this);
    if (handler) {
        auto more = handler->dictionary();
        out.dictionary.insert(out.dictionary.end(), std::make_move_iterator(more.begin()),
                              std::make_move_iterator(more.end()));
    }
    out.initial_call = code_name(*this);
    // A handler between two callbacks stands on the worker's stack.
    out.current_function = at_rest ? out.initial_call + "::handle" : innermost_function();
    if (!at_rest || keeps_stack) out.memory += current_stack_in_use();
    return out;
}

}  // namespace rakka::detail
