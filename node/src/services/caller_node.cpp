#include "services/caller_node.hpp"

#include "connection/node_core.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>

namespace rakka::detail {

node_core* running_core() {
    auto* const way_out = dynamic_cast<router*>(this_system().router());
    return way_out == nullptr || way_out->core().stopping ? nullptr : &way_out->core();
}

node_core& core_of_caller() {
    node_core* const found = running_core();
    if (found == nullptr) exit(term(atoms::known<"noproc">));
    return *found;
}

term told_to_others(const term& t) {
    try {
        return term::copy(t);
    } catch (const boost::system::system_error&) {
        error(term(atoms::known<"badarg">));
    }
}

std::vector<atom> visible_nodes(const node_core& core) {
    std::vector<atom> nodes;
    for (const auto& c : core.connections.all())
        if (c->phase() == connection_phase::up && !c->hidden()) nodes.push_back(c->node());
    return nodes;
}

}  // namespace rakka::detail
