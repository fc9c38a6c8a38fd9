// The children of a dynamic supervisor.
#pragma once

#include "supervisor/pooled_children.hpp"

#include <rakka/etf/order.hpp>
#include <rakka/otp/dynamic_supervisor.hpp>

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rakka::detail {

/// What start_child() of a dynamic supervisor sends to one of this system.
struct dynamic_start {
    shared_child_spec spec;
    std::vector<term> arguments;
    bool once = false;  ///< the specification is for this child alone
};

/// Kinds by what they were made from, as long as a child of the kind is there. Pure.
template <class Key>
class kind_cache {
public:
    /// Null when there is none.
    [[nodiscard]] shared_kind find(const Key& key) const {
        const auto found = kinds_.find(key);
        return found == kinds_.end() ? nullptr : found->second.lock();
    }
    /// Constant time in the mean: kinds without children are swept out when they may be half of all.
    void insert(Key key, const shared_kind& kind) {
        if (kinds_.size() >= sweep_at_) {
            std::erase_if(kinds_, [](const auto& k) { return k.second.expired(); });
            sweep_at_ = std::max<std::size_t>(least_to_sweep, kinds_.size() * 2);
        }
        kinds_.insert_or_assign(std::move(key), kind);
    }

private:
    static constexpr std::size_t least_to_sweep = 64;
    std::unordered_map<Key, std::weak_ptr<const child_kind>> kinds_;
    std::size_t sweep_at_ = least_to_sweep;
};

/// Elixir: dynamic_supervisor.ex.
class dynamic_children final : public pooled_children {
public:
    dynamic_children(term name, dynamic_supervisor_options options);

    std::optional<term> answer(const term& request) override;

    /// Other limits and extra arguments, for starts from now on. Elixir: code_change/3.
    void change(dynamic_supervisor_options options);

    [[nodiscard]] const dynamic_supervisor_options& options() const noexcept { return options_; }
    /// `%{pid => {{m, f, a}, restart, shutdown, type, modules}}`, as in the state of Elixir's.
    [[nodiscard]] term as_term() const;

private:
    std::vector<term> arguments_for(const term& own) const override;
    term offender_of(const child_pool::entry& e, const term& child) const override;
    void try_again_later(const pid& last) const override;
    void report_stops(const std::vector<failed_stop>& failed) const override;

    term start_child(const term& spec);
    term start_native(const dynamic_start& start);
    term start_named(const term& spec);
    term terminate_child(const term& id);
    term count_children() const;

    dynamic_supervisor_options options_;
    kind_cache<term> named_;                // by all but id and arguments
    kind_cache<shared_child_spec> native_;  // keeps the specification, so that its address is not used again
};

}  // namespace rakka::detail
