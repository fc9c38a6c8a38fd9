#include "relations.hpp"

#include "throw_trace.hpp"
#include "tracing.hpp"
#include "watching.hpp"

namespace rakka::detail {

occasional::occasional() noexcept = default;
occasional::~occasional() = default;

std::size_t relations::memory() const noexcept {
    std::size_t n = sizeof(*this) + links.memory() + monitors.memory() + watchers.memory() +
                    aliases.memory() + spawns.memory();
    if (seldom) n += sizeof(*seldom) + seldom->dictionary.capacity() * sizeof(dictionary_entries::value_type);
    if (seldom && seldom->trace) n += sizeof(trace_state);
    if (seldom && seldom->watch) n += sizeof(own_watch);
    if (seldom && seldom->thrown) n += sizeof(throw_trace);
    return n;
}

bool relations::nothing_left() const noexcept {
    return links.empty() && monitors.empty() && watchers.empty() && aliases.empty() && spawns.empty() &&
           timers == nullptr && !seldom && !call && !handler_timeout;
}

bool relations::shrink() noexcept {
    // First: a timer that is still armed may take in signals as it goes, and with them new relations.
    if (call && call->state == pending_call::phase::none) call.reset();
    links.shrink();
    monitors.shrink();
    watchers.shrink();
    aliases.shrink();
    spawns.shrink();
    if (seldom) {
        seldom->question.reset();
        seldom->thrown.reset();
        seldom->dictionary.shrink_to_fit();
        if (seldom->dictionary.empty() && !seldom->unthrown && !seldom->trace && !seldom->watch &&
            seldom->loop == nullptr)
            seldom.reset();
    }
    if (handler_timeout && !handler_timeout->running() && !handler_timeout->expired())
        handler_timeout.reset();
    return nothing_left();
}

}  // namespace rakka::detail
