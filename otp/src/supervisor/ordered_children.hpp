// The children of a one_for_one, one_for_all or rest_for_one supervisor.
#pragma once

#include "supervisor/child_table.hpp"
#include "supervisor/supervisor_engine.hpp"

#include <rakka/otp/supervisor.hpp>

#include <vector>

namespace rakka::detail {

/// Erlang: supervisor.erl, where the strategy is not simple_one_for_one. One child's start, end, restart and
/// every call about one take constant time, besides those of the group that a strategy concerns.
class ordered_children final : public supervisor_engine {
public:
    ordered_children(term name, const supervisor_flags& flags, std::vector<shared_kind> kinds);

    std::optional<term> start() override;
    std::optional<term> answer(const term& request) override;
    verdict ended(const pid& child, const term& reason) override;
    verdict try_again(const term& id) override;
    void stop_all() override;

    /// Other flags and specifications: see child_table::replace_kinds(). Nothing is started or stopped.
    /// Erlang: update_childspec/2.
    void change(const supervisor_flags& flags, const std::vector<shared_kind>& kinds);

    /// `{Ids, #{Id => {child, …}}}`, the last started first: as in the state of Erlang's.
    [[nodiscard]] term as_term() const;

private:
    using position = child_table::position;
    using state = supervised_child::state;

    start_answer start_one(position at);
    void stop_one(position at);
    void drop_or_stop(position at);
    verdict restart(position at);
    void restart_one(position at);
    void restart_group(position failed);
    void take_place(position at, const pid& fresh, pid last);
    void report(report_context context, const term& reason, const supervised_child& child) const;
    [[nodiscard]] verdict after_end(const child_kind& kind) const;

    term start_child(const term& spec);
    term restart_child(const term& id);
    term delete_child(const term& id);
    term terminate_child(const term& id);
    term which_children() const;
    term count_children() const;

    restart_strategy strategy_;
    auto_shutdown_mode auto_shutdown_;
    child_table children_;
};

}  // namespace rakka::detail
