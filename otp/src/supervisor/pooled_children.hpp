// Children that come and go: what simple_one_for_one supervisors and dynamic ones have in common, and the
// former.
#pragma once

#include "supervisor/child_pool.hpp"
#include "supervisor/supervisor_engine.hpp"

#include <rakka/otp/supervisor.hpp>

#include <vector>

namespace rakka::detail {

struct failed_stop;

/// Constant time for a start, an end and a restart, however many children there are.
class pooled_children : public supervisor_engine {
public:
    std::optional<term> start() override { return std::nullopt; }
    verdict ended(const pid& child, const term& reason) override;
    verdict try_again(const term& last_pid) override;
    void stop_all() override;

protected:
    pooled_children(term name, restart_intensity limit, thrown how)
        : supervisor_engine(std::move(name), std::move(limit)), how_(how) {}

    /// Starts a child of this kind with `arguments`, a list or no value, behind the kind's own.
    start_answer start_one(const shared_kind& kind, const term& arguments);
    void stop_one(const pid& child, const child_kind& kind);
    [[nodiscard]] child_pool& children() noexcept { return children_; }
    [[nodiscard]] const child_pool& children() const noexcept { return children_; }
    [[nodiscard]] term which_children() const;

private:
    /// All arguments of the next start.
    [[nodiscard]] virtual std::vector<term> arguments_for(const term& own) const = 0;
    [[nodiscard]] virtual term offender_of(const child_pool::entry& e, const term& child) const = 0;
    virtual void try_again_later(const pid& last) const = 0;
    virtual void report_stops(const std::vector<failed_stop>& failed) const = 0;

    verdict restart(const pid& last, const term& shown);
    void report(report_context context, const term& reason, const child_pool::entry& e,
                const term& child) const;

    thrown how_;
    child_pool children_;
};

/// The children of a simple_one_for_one supervisor. Erlang: supervisor.erl, where is_simple(State).
class simple_children final : public pooled_children {
public:
    simple_children(term name, const supervisor_flags& flags, shared_kind kind);

    std::optional<term> answer(const term& request) override;
    /// Another kind: children that are there keep the arguments they were started with, and those that were
    /// temporary stay so, because theirs are not known any more. Erlang: update_childspec/2.
    void change(const supervisor_flags& flags, shared_kind kind);

    [[nodiscard]] const shared_kind& kind() const noexcept { return kind_; }
    [[nodiscard]] std::size_t restarting_count() const noexcept { return children().restarting(); }
    /// `{mapsets | maps, #{Pid => Arguments}}`, as in the state of Erlang's.
    [[nodiscard]] term as_term() const;

private:
    std::vector<term> arguments_for(const term& own) const override;
    term offender_of(const child_pool::entry& e, const term& child) const override;
    void try_again_later(const pid& last) const override;
    void report_stops(const std::vector<failed_stop>& failed) const override;

    [[nodiscard]] term kept(const term& arguments) const;
    term start_child(const term& arguments);
    term terminate_child(const term& id);
    [[nodiscard]] std::optional<term> about_child(const term& request, const term& id) const;
    [[nodiscard]] bool is_gone(const pid& child) const;
    term count_children() const;

    shared_kind kind_;
};

}  // namespace rakka::detail
