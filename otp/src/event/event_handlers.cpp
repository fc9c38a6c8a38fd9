#include "event/event_handlers.hpp"

#include <algorithm>
#include <iterator>

namespace rakka::detail {

term installed_handler::shown_supervisor() const {
    return supervisor ? term(supervisor) : term(atoms::known<"false">);
}

term installed_handler::shown_id() const {
    return id.id.has_value() ? id.id : term(atoms::known<"false">);
}

void event_handlers::insert(std::size_t at, installed_handler h) {
    all_.insert(all_.begin() + static_cast<std::ptrdiff_t>(at), std::move(h));
}

std::optional<std::size_t> event_handlers::find(const handler_id& id) const noexcept {
    const auto at = std::find_if(all_.begin(), all_.end(), [&](const auto& h) { return h.id == id; });
    if (at == all_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - all_.begin());
}

installed_handler event_handlers::take(std::size_t at) {
    const auto place = all_.begin() + static_cast<std::ptrdiff_t>(at);
    installed_handler out = std::move(*place);
    all_.erase(place);
    return out;
}

std::vector<installed_handler> event_handlers::take_supervised_by(const pid& supervisor) {
    const auto from = std::stable_partition(all_.begin(), all_.end(),
                                            [&](const auto& h) { return h.supervisor != supervisor; });
    std::vector<installed_handler> out(std::make_move_iterator(from), std::make_move_iterator(all_.end()));
    all_.erase(from, all_.end());
    return out;
}

std::vector<term> event_handlers::names() const {
    std::vector<term> out;
    out.reserve(all_.size());
    for (const auto& h : all_)
        out.push_back(h.id.to_term());
    return out;
}

std::vector<atom> event_handlers::modules() const {
    std::vector<atom> out;
    for (const auto& h : all_)
        out.push_back(h.id.module);
    std::sort(out.begin(), out.end(), [](atom a, atom b) { return a.text() < b.text(); });
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

}  // namespace rakka::detail
