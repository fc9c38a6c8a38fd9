#include "connection/name_pool.hpp"

#include "handshake/acceptor_fsm.hpp"

#include <algorithm>
#include <utility>

namespace rakka::detail {

result<name_pool::given> name_pool::take(std::string_view host,
                                         const std::function<bool(const node_name&)>& taken) {
    const auto usable = [&](const node_name& n) { return !in_use_.contains(n.text()) && !taken(n); };
    const auto again = std::find_if(free_.begin(), free_.end(),
                                    [&](const given& g) { return g.name.host() == host && usable(g.name); });
    if (again != free_.end()) {
        given g = std::move(*again);
        free_.erase(again);
        g.creation = rakka::creation(std::max(g.creation.value() + 1, rakka::creation::first_valid));
        in_use_.emplace(g.name.text(), g);
        return g;
    }
    while (true) {
        auto name = handshake::make_dynamic_name(host);
        if (!name) return name.error();
        if (!usable(*name)) continue;  // 64 random bits: hardly ever
        given g{std::move(*name), random_creation()};
        in_use_.emplace(g.name.text(), g);
        return g;
    }
}

void name_pool::give_back(std::string_view name) {
    const auto it = in_use_.find(std::string(name));
    if (it == in_use_.end()) return;
    free_.push_back(std::move(it->second));
    in_use_.erase(it);
    if (free_.size() > max_free) free_.pop_front();
}

}  // namespace rakka::detail
