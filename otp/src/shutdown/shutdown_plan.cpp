#include "shutdown/shutdown_plan.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

namespace rakka::detail {

std::uint64_t shutdown_plan::add(shutdown_hook about, std::function<void()> run) {
    ++added_;
    if (about.name.empty()) about.name = "hook " + std::to_string(added_);
    steps_.push_back({std::move(about), std::move(run), added_});
    return added_;
}

bool shutdown_plan::remove(std::uint64_t number) {
    return std::erase_if(steps_, [&](const planned_step& s) { return s.number == number; }) != 0;
}

std::optional<planned_step> shutdown_plan::next() {
    const auto comes_before = [](const planned_step& a, const planned_step& b) {
        return std::tuple(a.about.stage, b.about.priority, b.number) <
               std::tuple(b.about.stage, a.about.priority, a.number);
    };
    const auto at = std::min_element(steps_.begin(), steps_.end(), comes_before);
    if (at == steps_.end()) return std::nullopt;
    planned_step out = std::move(*at);
    steps_.erase(at);
    return out;
}

}  // namespace rakka::detail
