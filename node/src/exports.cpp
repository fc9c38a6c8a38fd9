#include "services/rpc_calls.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/node/exports.hpp>

#include <mutex>
#include <utility>

namespace rakka {

void detail::no_function_clause(atom module, atom function, const std::vector<term>& arguments) {
    const term stack = list(tuple(module, function, to_list(arguments), list()));
    throw process_exit{term(tuple(atoms::known<"function_clause">, stack)), process_exit::kind::error};
}

void export_table::add(atom module, atom function, std::size_t arity, exported_function f) {
    auto shared = std::make_shared<const exported_function>(std::move(f));
    const std::unique_lock lock(mutex_);
    functions_[{module.id(), function.id(), arity}] = std::move(shared);
}

bool export_table::remove(atom module, atom function, std::size_t arity) {
    const std::unique_lock lock(mutex_);
    return functions_.erase({module.id(), function.id(), arity}) != 0;
}

std::shared_ptr<const exported_function> export_table::find(atom module, atom function,
                                                            std::size_t arity) const {
    const std::shared_lock lock(mutex_);
    const auto it = functions_.find({module.id(), function.id(), arity});
    return it == functions_.end() ? nullptr : it->second;
}

std::vector<exported_name> export_table::names() const {
    std::vector<exported_name> all;
    const std::shared_lock lock(mutex_);
    for (const auto& [name, f] : functions_)
        all.push_back(
            {atom::from_id(std::get<0>(name)), atom::from_id(std::get<1>(name)), std::get<2>(name)});
    return all;
}

bool export_table::has_module(atom module) const {
    const std::shared_lock lock(mutex_);
    const auto at = functions_.lower_bound({module.id(), 0, 0});
    return at != functions_.end() && std::get<0>(at->first) == module.id();
}

}  // namespace rakka
