#include "epmd/epmd_client_io.hpp"
#include "epmd/query_fsm.hpp"
#include "services/epmd_driver.hpp"
#include "transport/io_loop.hpp"

#include <rakka/actors/io.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/node/epmd_client.hpp>
#include <rakka/node/epmd_server.hpp>
#include <rakka/node/errc.hpp>

#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>
#include <fmt/format.h>

#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace rakka {

void throw_exception_from_error(const epmd_query_error& e, const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(e.code, e.message), where);
}

namespace {

std::uint16_t port_for(const epmd_query& how) {
    return how.port != 0 ? how.port : default_epmd_port();
}

/// Lets the machine ask, and waits; it has the answer then, unless an error is returned.
std::optional<epmd_query_error> ask(system& s, const epmd_query& how,
                                    const std::shared_ptr<epmd::query_fsm>& machine) {
    if (!s.running()) {
        return epmd_query_error{node_errc::epmd_unreachable,
                                "the system is not running, so that nobody would hear the answer of epmd"};
    }
    using outcome = std::optional<epmd_query_error>;
    auto promise = std::make_shared<std::promise<outcome>>();
    auto answer = promise->get_future();
    transport::io_loop& io = io_context_of(s);
    // Lives in its own operations, but not while its dial is under way.
    const auto driver = std::make_shared<std::shared_ptr<detail::epmd_driver>>();
    transport::post(io, [&io, how, machine, driver, promise = std::move(promise)] {
        *driver = std::make_shared<detail::epmd_driver>(
            io, how.host, port_for(how), how.timeout,
            [machine](const epmd::event& e) { return machine->resume(e); },
            [machine, promise](const epmd::action& a) {
                if (a.kind == epmd::action_kind::done) promise->set_value(std::nullopt);
                if (a.kind == epmd::action_kind::fail)
                    promise->set_value(epmd_query_error{machine->error().code, machine->error().message()});
            });
        (*driver)->start();
    });
    if (in_process()) blocking([&] { answer.wait(); });
    outcome answered = answer.get();
    transport::post(io, [driver] { driver->reset(); });
    return answered;
}

std::string address_of(const epmd_query& how) {
    return fmt::format("{}:{}", how.host, port_for(how));
}

}  // namespace

epmd_result<std::vector<epmd_name>> epmd_names(system& s, const epmd_query& how) {
    const auto machine =
        std::make_shared<epmd::query_fsm>(epmd::query_fsm::names(port_for(how), address_of(how)));
    if (auto failed = ask(s, how, machine)) return std::move(*failed);
    std::vector<epmd_name> found;
    for (const epmd::named_port& n : machine->all_names().nodes)
        found.push_back({n.name, n.port});
    return found;
}

epmd_result<std::uint16_t> epmd_port_of(system& s, const std::string& alive, const epmd_query& how) {
    const auto machine = std::make_shared<epmd::query_fsm>(epmd::query_fsm::lookup(alive, address_of(how)));
    if (auto failed = ask(s, how, machine)) return std::move(*failed);
    return machine->node().port;
}

}  // namespace rakka
