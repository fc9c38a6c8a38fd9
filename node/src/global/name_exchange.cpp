#include "global/name_exchange.hpp"

namespace rakka::global_fsm {

std::optional<name_exchange::conflict> name_exchange::next(const name_table& own) {
    for (; at_ < theirs_.size(); ++at_) {
        const registration& r = theirs_[at_];
        const registration* const ours = own.find(r.name);
        if (ours == nullptr) {
            ops_.push_back({r});
        } else if (ours->process != r.process && resolves_) {
            ours_ = *ours;
            return conflict{ours_.method, ours_.name, r.process, ours_.process};
        }
    }
    return std::nullopt;
}

void name_exchange::answered(const std::optional<term>& choice) {
    const registration& theirs = theirs_[at_++];
    const auto chosen = choice ? choice->as<pid>() : result<pid>(theirs.process);
    if (chosen && *chosen == theirs.process) {
        ops_.push_back({theirs});
    } else if (chosen && *chosen == ours_.process) {
        peer_ops_.push_back({ours_});
    } else {
        const name_op gone{{theirs.name, {}, {}}};
        ops_.push_back(gone);
        peer_ops_.push_back(gone);
    }
}

}  // namespace rakka::global_fsm
