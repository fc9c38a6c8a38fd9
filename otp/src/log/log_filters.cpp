#include "log/log_remote.hpp"
#include "log/log_reports.hpp"

#include <rakka/otp/log_filters.hpp>

#include <algorithm>
#include <utility>

namespace rakka::log::filters {

namespace {

bool begins_with(const std::vector<atom>& whole, const std::vector<atom>& part) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

bool is_related(const std::vector<atom>& events, domain_relation relation, const std::vector<atom>& given) {
    switch (relation) {
        case domain_relation::super:
            return !events.empty() && begins_with(events, given);
        case domain_relation::sub:
            return !events.empty() && begins_with(given, events);
        case domain_relation::equal:
            return !events.empty() && events == given;
        case domain_relation::not_equal:
            return events.empty() || events != given;
        case domain_relation::undefined:
            return events.empty();
    }
    return false;
}

bool is_related(log_level events, level_relation relation, log_level given) {
    switch (relation) {
        case level_relation::eq:
            return events == given;
        case level_relation::neq:
            return events != given;
        case level_relation::gt:
            return events > given;
        case level_relation::lt:
            return events < given;
        case level_relation::gteq:
            return events >= given;
        case level_relation::lteq:
            return events <= given;
    }
    return false;
}

}  // namespace

filter domain(verdict action, domain_relation relation, std::vector<atom> domain) {
    return [action, relation, given = std::move(domain)](log_event& e) {
        return is_related(e.domain, relation, given) ? action : verdict::ignore;
    };
}

filter level(verdict action, level_relation relation, log_level level) {
    return [action, relation, level](log_event& e) {
        return is_related(e.level, relation, level) ? action : verdict::ignore;
    };
}

filter progress(verdict action) {
    return [action](log_event& e) { return is_progress(e.report) ? action : verdict::ignore; };
}

filter remote_gl(verdict action, system& s) {
    return [action, &s](log_event& e) { return has_remote_leader(s, e) ? action : verdict::ignore; };
}

}  // namespace rakka::log::filters
