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

}  // namespace rakka
