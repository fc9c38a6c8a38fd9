#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <mutex>
#include <set>
#include <utility>

namespace rakka {

void detail::no_function_clause(atom module, atom function, const std::vector<term>& arguments) {
    const term stack = list(tuple(module, function, term(arguments), list()));
    throw process_exit{term(tuple(atoms::known<"function_clause">, stack)), process_exit::kind::error};
}

void export_table::add(atom module, atom function, std::size_t arity, exported_function f) {
    auto shared = std::make_shared<const exported_function>(std::move(f));
    const std::unique_lock lock(mutex_);
    // The old one goes after the lock: what it holds may use this table as it goes.
    functions_[{module.id(), function.id(), arity}].swap(shared);
}

bool export_table::remove(atom module, atom function, std::size_t arity) {
    decltype(functions_)::node_type gone;  // goes after the lock, as in add()
    const std::unique_lock lock(mutex_);
    gone = functions_.extract({module.id(), function.id(), arity});
    return !gone.empty();
}

void export_table::fall_back_on(std::shared_ptr<const export_table> other) {
    const std::unique_lock lock(mutex_);
    fallback_.swap(other);  // the old one goes after the lock
}

void export_table::intercept(interceptor f) {
    auto shared = f ? std::make_shared<const interceptor>(std::move(f)) : nullptr;
    const std::unique_lock lock(mutex_);
    interceptor_.swap(shared);  // the old one goes after the lock
}

std::shared_ptr<const export_table> export_table::fallback() const {
    const std::shared_lock lock(mutex_);
    return fallback_;
}

std::shared_ptr<const exported_function> export_table::find(atom module, atom function,
                                                            std::size_t arity) const {
    std::shared_ptr<const exported_function> found;
    std::shared_ptr<const export_table> next;
    std::shared_ptr<const interceptor> seen_by;
    {
        const std::shared_lock lock(mutex_);
        const auto it = functions_.find({module.id(), function.id(), arity});
        if (it != functions_.end()) {
            found = it->second;
        } else {
            next = fallback_;
        }
        if (interceptor_) [[unlikely]]
            seen_by = interceptor_;
    }
    if (next) found = next->find(module, function, arity);
    return seen_by && found ? (*seen_by)({module, function, arity}, found) : found;
}

std::vector<exported_name> export_table::names() const {
    std::set<key> all;
    if (const auto next = fallback()) {
        for (const exported_name& n : next->names())
            all.insert({n.module.id(), n.function.id(), n.arity});
    }
    {
        const std::shared_lock lock(mutex_);
        for (const auto& [name, f] : functions_)
            all.insert(name);
    }
    std::vector<exported_name> out;
    out.reserve(all.size());
    for (const auto& [module, function, arity] : all)
        out.push_back({atom::from_id(module), atom::from_id(function), arity});
    return out;
}

bool export_table::has_module(atom module) const {
    {
        const std::shared_lock lock(mutex_);
        const auto at = functions_.lower_bound({module.id(), 0, 0});
        if (at != functions_.end() && std::get<0>(at->first) == module.id()) return true;
    }
    const auto next = fallback();
    return next && next->has_module(module);
}

}  // namespace rakka
