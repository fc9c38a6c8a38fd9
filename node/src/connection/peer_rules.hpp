// The rules of what peers may do, made ready for looking things up in them.
#pragma once

#include <rakka/etf/term.hpp>
#include <rakka/node/node_name.hpp>
#include <rakka/node/peer_rule.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::detail {

/// One peer_rights. Constant; any thread.
class compiled_rights {
public:
    explicit compiled_rights(const peer_rights& r);

    /// `module` and `function` are atoms, of the table or not.
    [[nodiscard]] bool may_call(term_view module, term_view function, std::size_t arity) const;
    [[nodiscard]] bool may_spawn(term_view module, term_view function, std::size_t arity) const;
    [[nodiscard]] bool may_send_to(std::string_view name) const;

    const bool processes;
    const bool link;
    const bool monitor;
    const bool exit;
    const bool kernel;

private:
    using texts = std::optional<std::set<std::string, std::less<>>>;
    [[nodiscard]] static bool has(const texts& allowed, term_view module, term_view function,
                                  std::size_t arity);
    const texts call_;
    const texts spawn_;
    const texts send_to_;
};

/// The rules of a node. Any thread; blocks for a short lock.
class peer_rules {
public:
    explicit peer_rules(const std::vector<peer_rule>& rules) { set(rules); }

    void set(const std::vector<peer_rule>& rules);
    /// Null: it may do everything.
    [[nodiscard]] std::shared_ptr<const compiled_rights> of(const node_name& peer) const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const compiled_rights>, std::less<>> rules_;  // guarded by mutex_
};

/// What is wrong with the rules, as a sentence; empty when they are fine.
[[nodiscard]] std::string explain_bad_rules(const std::vector<peer_rule>& rules);

}  // namespace rakka::detail
