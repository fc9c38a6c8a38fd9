#include "global/lost_connections.hpp"

namespace rakka::global_fsm {

bool lost_connections::is_news(const lost_connection& m, std::chrono::nanoseconds now) {
    forget(now);
    const std::pair who(m.loser, m.lost);
    const auto it = heard_.find(who);
    if (it != heard_.end() && it->second.incarnation == m.incarnation && m.number <= it->second.number)
        return false;
    heard_.insert_or_assign(who, news{m.incarnation, m.number, now});
    by_time_.push_back({who, now});
    return true;
}

void lost_connections::we_lost(atom node, std::chrono::nanoseconds now) {
    std::erase_if(own_, [&](const auto& l) { return now - l.second >= foretold; });
    if (own_.size() < most_) own_.insert_or_assign(node, now);
}

bool lost_connections::is_old(const lost_connection& m, std::chrono::nanoseconds now) const {
    const auto ours = own_.find(m.lost);
    if (ours == own_.end() || now - ours->second >= foretold) return false;
    const auto before = heard_.find({m.loser, m.lost});
    return before == heard_.end() || before->second.at < ours->second;
}

void lost_connections::forget(std::chrono::nanoseconds now) {
    while (!by_time_.empty() && (by_time_.size() >= most_ || now - by_time_.front().at >= kept)) {
        const memory oldest = by_time_.front();
        by_time_.pop_front();
        const auto it = heard_.find(oldest.who);
        if (it != heard_.end() && it->second.at == oldest.at) heard_.erase(it);
    }
}

}  // namespace rakka::global_fsm
