#include "services/running_node.hpp"

#include "connection/connection.hpp"
#include "connection/listener.hpp"
#include "connection/log_pacer.hpp"
#include "epmd/epmd_client_io.hpp"
#include "inspection/inspection.hpp"
#include "services/global_processes.hpp"
#include "services/io_call.hpp"
#include "services/kernel_processes.hpp"
#include "services/options_check.hpp"
#include "services/pg_processes.hpp"
#include "services/pg_service.hpp"
#include "services/rpc_exports.hpp"
#include "services/spawn_service.hpp"
#include "transport/keep_alive.hpp"
#include "transport/loop_world.hpp"
#include "transport/tcp.hpp"
#include "transport/unix_socket.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/local_origin.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

namespace rakka::detail {
namespace {

template <class T>
bool is_ready(const std::future<T>& f) {
    return f.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

/// Waits without holding up a worker when a process waits.
template <class T>
T wait_for(transport::io_loop& io, std::future<T>& f) {
    if (transport::loop_world* const world = transport::world_of(io)) {
        world->run_until([&] { return is_ready(f); });
    } else if (in_process()) {
        rakka::blocking([&] { f.wait(); });
    }
    return f.get();
}

/// Kills the processes and waits until they are gone, so that their names are free for the next node.
void end_and_wait(system& s, const std::vector<pid>& processes) {
    constexpr std::chrono::seconds patience(5);
    const auto gone = std::make_shared<std::promise<void>>();
    auto ended = gone->get_future();
    const auto kill_all = [processes, gone, patience] {
        std::vector<reference> monitors;
        for (const pid& p : processes) {
            monitors.push_back(monitor(p));
            rakka::exit(p, atoms::known<"kill">);
        }
        for (const reference& ref : monitors) {
            static_cast<void>(receive_if(
                [&](term_view m) {
                    return m.is_tagged(atoms::known<"DOWN">, 5) && m.tuple()[1].as<reference>() == ref;
                },
                patience));
        }
        gone->set_value();
    };
    try {
        s.spawn(kill_all);
    } catch (const boost::system::system_error&) {
        // A system that is stopping ends all its processes; in one that is full they are not waited for.
        for (const pid& p : processes)
            s.exit(p, atoms::known<"kill">);
        return;
    }
    if (transport::loop_world* const world = transport::world_of(io_context_of(s))) {
        world->run_until([&] { return is_ready(ended); });
    } else if (in_process()) {
        rakka::blocking([&] { ended.wait_for(2 * patience); });
    } else {
        ended.wait_for(2 * patience);
    }
}

node_start_error taken(const node_core& core) {
    return {node_errc::node_name_taken,
            fmt::format(
                "a node named {} is registered with the epmd on port {} already: stop it, or start this one "
                "under another name",
                core.name.alive(), core.epmd_port)};
}

}  // namespace

std::optional<node_start_error> running_node::listen() {
    const node_options& o = core->options;
    if (o.unix_sockets && transport::world_of(core->io) != nullptr) {
        return node_start_error{node_errc::bad_option,
                                "node_options::unix_sockets is given in a simulated network, which has none"};
    }
    if (o.listen == node_listen::no) return std::nullopt;
    if (o.unix_sockets) return listen_locally(*o.unix_sockets);
    auto opened = transport::tcp_listener::open(core->io, o.listen_address, o.first_port, o.last_port);
    if (opened) {
        port = (*opened)->port();
        core->accepting = std::make_unique<listener>(*core, std::move(*opened));
        return std::nullopt;
    }
    const error_code why = opened.error();
    if (why == boost::asio::error::address_in_use) {
        return node_start_error{
            why, fmt::format("every port from {} to {} on {} is in use: give node_options another "
                             "first_port and last_port (0, 0 takes any free one)",
                             o.first_port, o.last_port, o.listen_address)};
    }
    return node_start_error{
        why, fmt::format("cannot listen on {}, ports {} to {}: {}: node_options::listen_address must "
                         "be an IP address of this machine (0.0.0.0 for all)",
                         o.listen_address, o.first_port, o.last_port, why.message())};
}

std::optional<node_start_error> running_node::listen_locally(const unix_socket_options& how) {
    const auto path = transport::socket_of(how, core->name.alive());
    if (!path) return node_start_error{path.error().code, path.error().text};
    auto opened = transport::unix_listener::open(
        core->io, *path, how,
        [c = core.get(), pacer = std::make_shared<log_pacer>()](const std::string& text) {
            const auto times = pacer->happened();
            if (!times) return;
            c->log(node_log_level::warning, {}, {}, node_errc::not_allowed,
                   *times == 1 ? text : fmt::format("{}; {} were closed since the last line", text, *times));
        });
    if (!opened) return node_start_error{opened.error().code, opened.error().text};
    core->accepting = std::make_unique<listener>(*core, std::move(*opened));
    return std::nullopt;
}

boost::system::result<creation, node_start_error> running_node::try_register() {
    using outcome = boost::system::result<creation, node_start_error>;
    const auto promise = std::make_shared<std::promise<outcome>>();
    auto answer = promise->get_future();
    epmd_registration::events tell;
    tell.registered = [promise](creation c) { promise->set_value(c); };
    tell.failed = [promise, c = core](const epmd::epmd_error& e) {
        promise->set_value(e.code == node_errc::node_name_taken ? taken(*c)
                                                                : node_start_error{e.code, e.message()});
    };
    tell.changed = [c = core](epmd::news what, const epmd::epmd_error* e) {
        const bool again = what == epmd::news::registered_again;
        c->log(again ? node_log_level::info : node_log_level::warning, {}, {}, e ? e->code : node_errc{},
               again ? "registered with epmd again"
                     : fmt::format("not registered with epmd, trying again every 2 s: {}", e->message()));
    };
    transport::post(core->io, [this, tell = std::move(tell)] {
        const char* const host = is_ipv6(core->options.listen_address) ? "::1" : "127.0.0.1";
        registration_ = std::make_shared<epmd_registration>(core->io, host, core->epmd_port,
                                                            std::string(core->name.alive()), port, tell);
        registration_->start();
    });
    return wait_for(core->io, answer);
}

std::optional<node_start_error> running_node::register_name() {
    const epmd_mode mode = core->options.unix_sockets ? epmd_mode::none : core->options.epmd;
    core->epmd_port = core->options.epmd_port != 0 ? core->options.epmd_port : default_epmd_port();
    // A node that only dials need not be found, and needs no creation of epmd's.
    if (mode == epmd_mode::none || core->options.listen == node_listen::no) {
        if (!core->nameless) core->set_identity(core->self(), random_creation());
        return std::nullopt;
    }
    auto registered = try_register();
    if (!registered && registered.error().code == node_errc::epmd_unreachable &&
        mode == epmd_mode::embedded_if_absent) {
        epmd_server_options o;
        o.port = core->epmd_port;
        if (is_ipv6(core->options.listen_address)) o.addresses = {"::"};
        o.log = core->options.log;
        auto server = epmd_server::start(core->sys, std::move(o));
        if (server) own_epmd_ = std::move(*server);
        // Not being able to is no error yet: another program may have become the epmd at this very moment.
        registered = try_register();
    }
    if (registered) {
        core->set_identity(core->self(), *registered);
        return std::nullopt;
    }
    node_start_error e = registered.error();
    if (e.code == node_errc::epmd_unreachable) {
        e.message +=
            fmt::format(" Start `epmd -daemon`{}, or set node_options::epmd to embedded_if_absent.",
                        core->epmd_port == 4369 ? "" : fmt::format(" with -port {}", core->epmd_port));
    }
    return e;
}

std::optional<node_start_error> running_node::start() {
    if (core->sys.node_name() != atoms::known<"nonode@nohost">) {
        return node_start_error{
            boost::system::errc::make_error_code(boost::system::errc::device_or_resource_busy),
            fmt::format("the system is node {} already: stop that node first, or start this one on a "
                        "system of its own",
                        core->sys.node_name().text())};
    }
    if (auto e = listen()) return e;
    if (auto e = register_name()) {
        stop();
        return e;
    }
    started_ = true;
    transport::keep_until_loop_ends(core->io, core);
    export_built_in_functions(*core->built_in);
    export_global_functions(core);
    export_pg_functions(*core->built_in);
    export_rpc_functions(*core->built_in);
    export_inspection_functions(core);
    core->sys.exports().fall_back_on(core->built_in);
    core->sys.set_router(&core->outbound);
    processes_ = start_kernel_processes(*core);
    if (auto e = missing_process()) {
        stop();
        return e;
    }
    call_on_io(core->sys, [this] {
        if (core->accepting) core->accepting->start();
    });
    return std::nullopt;
}

/// Without these processes this is no node, and nobody would notice until the first peer waits for an answer.
std::optional<node_start_error> running_node::missing_process() const {
    for (const atom name :
         {atoms::known<"net_kernel">, atoms::known<"rex">, atoms::known<"global_name_server">}) {
        const auto holder = core->sys.whereis(name);
        if (holder && std::find(processes_.begin(), processes_.end(), *holder) != processes_.end()) continue;
        if (!holder) {
            return node_start_error{
                actors_errc::system_limit,
                fmt::format("there is no room for the process {} that every node has: give "
                            "system_options::max_processes a greater value",
                            name.text())};
        }
        return node_start_error{
            actors_errc::name_taken,
            fmt::format(
                "a process of this program is registered as {}, the name of a process that every node "
                "has: end it, or register it under another name",
                name.text())};
    }
    return std::nullopt;
}

void running_node::stop() {
    const std::lock_guard lock(stop_mutex_);
    if (std::exchange(stopped_, true)) return;
    core->stopping = true;
    call_on_io(core->sys, [this] {
        if (core->accepting) core->accepting->close();
        for (const auto& c : core->connections.all()) {
            c->lose(node_errc::connection_lost, "this node is stopping", "net_kernel_terminated"_a);
        }
        core->accepting = nullptr;
        registration_ = nullptr;
    });
    if (started_) {
        const std::vector<pid> scopes = core->pg->close();
        processes_.insert(processes_.end(), scopes.begin(), scopes.end());
        end_and_wait(core->sys, processes_);
        core->sys.exports().fall_back_on(nullptr);
        etf::local_origin::set_identity(core->sys.origin(), {atoms::known<"nonode@nohost">, 0});
    }
    own_epmd_.reset();
}

}  // namespace rakka::detail
