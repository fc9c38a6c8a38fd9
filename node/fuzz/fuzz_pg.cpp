// Fuzzes what a connected peer can say to a scope of process groups: messages and calls, any number of them,
// as one term.
#include "pg/scope.hpp"
#include "term_input.hpp"

#include <rakka/base/check.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace {

using namespace rakka;

const atom node("a@localhost");  // here before anything is decoded

constexpr pg_fsm::limits few{
    .memberships_of_node = 20, .memberships_here = 10, .monitors = 3, .peers_of_node = 2};

void serve(pg_fsm::scope& scope, term_view message) {
    if (const auto m = pg_fsm::read_message(message)) static_cast<void>(scope.on_message(*m));
    auto call = pg_fsm::read_call(message);
    if (!call) return;
    pg_fsm::actions todo;
    if (auto* const join = std::get_if<pg_fsm::join_call>(&*call)) {
        for (pid& p : join->pids)
            p.node = {};  // only processes of this node get so far
        static_cast<void>(scope.join(join->group, join->pids, todo));
    } else if (auto* const leave = std::get_if<pg_fsm::leave_call>(&*call)) {
        for (pid& p : leave->pids)
            p.node = {};
        static_cast<void>(scope.leave(leave->group, leave->pids, todo));
    } else if (const auto* const demonitor = std::get_if<pg_fsm::demonitor_call>(&*call)) {
        scope.remove_monitor(demonitor->ref);
    }
}

/// A term that is a list is a message for each of its elements.
void converse(const term& all) {
    pg_fsm::scope scope({.name = atom("pg"), .self = {{}, 1, 1, 3}, .max = few});
    reference everything;
    everything.size = 1;
    everything.words[0] = 1;
    RAKKA_CHECK(scope.add_monitor(everything, {{}, 2, 1, 3}, std::nullopt));
    static_cast<void>(scope.node_up(node));
    if (all.is(kind::list)) {
        for (const term_view message : all.list())
            serve(scope, message);
    } else {
        serve(scope, all);
    }
    RAKKA_CHECK(scope.remote_memberships() <= few.memberships_of_node);
    std::size_t members = 0;
    for (const auto& [group, pids] : scope.all()) {
        RAKKA_CHECK(!pids.empty());
        members += pids.size();
    }
    RAKKA_CHECK(members <= few.memberships_of_node + few.memberships_here);
    static_cast<void>(scope.node_down(node));
    RAKKA_CHECK(scope.remote_memberships() == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (const auto input = fuzzing::term_in(data, size)) converse(*input);
    return 0;
}
