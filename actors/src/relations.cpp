#include "relations.hpp"

namespace rakka::detail {

bool relations::shrink() noexcept {
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
    return links.empty() && monitors.empty() && watchers.empty() && aliases.empty() && spawns.empty() &&
           timers.empty() && dictionary.empty() && !handler_timeout;
}

}  // namespace rakka::detail
