#include "relations.hpp"

namespace rakka::detail {

bool relations::shrink() noexcept {
    // First: a timer that is still armed may take in signals as it goes, and with them new relations.
    if (call.state == pending_call::phase::none) call.timer.reset();
    links.shrink();
    monitors.shrink();
    watchers.shrink();
    aliases.shrink();
    spawns.shrink();
    timers.shrink();
    dictionary.shrink_to_fit();
    question = {};
    if (handler_timeout && !handler_timeout->running() && !handler_timeout->expired())
        handler_timeout.reset();
    // Ids of unlinks may start again: without a link entry no acknowledgement is awaited.
    return call.state == pending_call::phase::none && links.empty() && monitors.empty() && watchers.empty() &&
           aliases.empty() && spawns.empty() && timers.empty() && dictionary.empty() && !handler_timeout;
}

}  // namespace rakka::detail
