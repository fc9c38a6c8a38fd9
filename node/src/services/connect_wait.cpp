#include "services/connect_wait.hpp"

#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "transport/loop_world.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/node/errc.hpp>

#include <chrono>
#include <future>
#include <string>

namespace rakka::detail {

result<void> connect_and_wait(const std::shared_ptr<node_core>& core, atom peer, dial_wish whose) {
    if (peer == core->self()) return {};
    // A stopped system runs no handlers any more: what follows would wait for ever.
    if (!core->sys.running()) return error_code(node_errc::connection_lost);
    const auto c = core->connect_to(peer, whose);
    if (!c) return error_code(node_errc::connection_lost);
    if (c->phase() == connection_phase::up) return {};
    if (!in_process()) {
        const auto promise = std::make_shared<std::promise<error_code>>();
        auto answer = promise->get_future();
        core->post([c, promise] {
            c->when_up([promise](error_code e, const std::string&) { promise->set_value(e); });
        });
        if (transport::loop_world* const world = transport::world_of(core->io)) {
            world->run_until(
                [&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
        }
        if (const error_code e = answer.get()) return e;
        return {};
    }
    const auto outcome = std::make_shared<error_code>();
    const reference done = make_reference();
    core->post([c, core, outcome, done, me = self()] {
        c->when_up([core, outcome, done, me](error_code e, const std::string&) {
            *outcome = e;
            core->sys.deliver_notice(me, term(done));
        });
    });
    const term expected(done);
    static_cast<void>(receive_if(done, [&](term_view t) { return t == expected.view(); }));
    if (*outcome) return *outcome;
    return {};
}

}  // namespace rakka::detail
