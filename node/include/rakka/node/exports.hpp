// The functions of this program that other nodes may call or spawn, by module, name and number of arguments.
#pragma once

#include <rakka/etf/term.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <tuple>
#include <vector>

namespace rakka {

/// A function as peers see it. Runs in a process of its own, made for this call: it may block and use the
/// whole ambient vocabulary. What it returns is the caller's result; leaving with an exception is leaving
/// with an exit reason.
using exported_function = std::function<term(const std::vector<term>& arguments)>;

/// What a peer finds when it asks for `Module:Function/Arity` (`spawn/4`, `erpc:call/4`, `rpc:call/4`); for
/// all others it gets `undef`, as from a BEAM. Any thread.
class export_table {
public:
    /// Adds or replaces.
    void add(atom module, atom function, std::size_t arity, exported_function f);
    /// False when there was none. Calls under way go on.
    bool remove(atom module, atom function, std::size_t arity);
    /// Null when there is none.
    [[nodiscard]] std::shared_ptr<const exported_function> find(atom module, atom function,
                                                                std::size_t arity) const;

private:
    using key = std::tuple<std::uint32_t, std::uint32_t, std::size_t>;
    mutable std::shared_mutex mutex_;
    std::map<key, std::shared_ptr<const exported_function>> functions_;  // guarded by mutex_
};

}  // namespace rakka
