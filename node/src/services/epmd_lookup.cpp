#include "services/epmd_lookup.hpp"

#include "epmd/query_fsm.hpp"
#include "services/epmd_driver.hpp"

#include <fmt/format.h>

#include <utility>

namespace rakka::detail {

std::function<void()> start_epmd_lookup(transport::io_loop& io, std::string host, std::uint16_t port,
                                        std::string alive, std::chrono::nanoseconds timeout,
                                        std::function<void(epmd_lookup_outcome)> done) {
    const auto fsm = std::make_shared<epmd::query_fsm>(
        epmd::query_fsm::lookup(std::move(alive), fmt::format("{}:{}", host, port)));
    const auto driver = std::make_shared<epmd_driver>(
        io, std::move(host), port, timeout, [fsm](const epmd::event& e) { return fsm->resume(e); },
        [fsm, done = std::move(done)](const epmd::action& a) {
            if (a.kind == epmd::action_kind::done) return done({fsm->node().port, {}, {}});
            done({std::nullopt, fsm->error().code, fsm->error().message()});
        });
    driver->start();
    // The driver lives on in its own operations only; it must outlive the wait for its dial as well.
    return [driver] { driver->stop(); };
}

}  // namespace rakka::detail
