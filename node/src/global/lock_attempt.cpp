#include "global/lock_attempt.hpp"

namespace rakka::global_fsm {

known_lock::steps known_lock::begin(const std::vector<atom>& known) {
    nodes_ = known;
    nodes_.push_back(self_);
    boss_ = *std::max_element(nodes_.begin(), nodes_.end(), node_less{});
    boss_locked_ = false;
    return {set_lock{{boss_}, false}};
}

known_lock::steps known_lock::locked(bool ok, const std::vector<atom>& known) {
    if (!ok) {
        if (!boss_locked_) return {try_again()};
        return {del_lock{{boss_}}, try_again()};
    }
    if (!std::exchange(boss_locked_, true)) return {set_lock{nodes_, nodes_.size() > 1}};
    // A node that has become known meanwhile must be locked as well.
    const bool grown = std::any_of(known.begin(), known.end(), [this](atom n) {
        return std::find(nodes_.begin(), nodes_.end(), n) == nodes_.end();
    });
    if (!grown) return {done{}};
    steps all = release();
    all.emplace_back(try_again());
    return all;
}

known_lock::step known_lock::try_again() {
    return pause{longest_pause(failures_++)};
}

known_lock::steps known_lock::release() const {
    std::vector<atom> others = nodes_;
    std::erase(others, boss_);
    if (others.empty()) return {del_lock{{boss_}}};
    return {del_lock{std::move(others)}, del_lock{{boss_}}};
}

}  // namespace rakka::global_fsm
