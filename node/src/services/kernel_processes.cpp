#include "services/kernel_processes.hpp"

#include "connection/node_core.hpp"
#include "services/global_processes.hpp"
#include "services/io_devices.hpp"
#include "services/logger_proxy.hpp"
#include "services/on_the_side.hpp"
#include "services/rex.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace rakka::detail {
namespace {

/// What `net_kernel` answers to peers. [protocol §net_kernel]
class net_kernel final : public message_handler {
public:
    explicit net_kernel(std::shared_ptr<node_core> core) : core_(std::move(core)) {}

    next handle(term message) override {
        const auto request = gen::as_request(message);
        if (!request || !request->label.is_atom(atoms::known<"$gen_call">)) return next::wait();
        if (start_spawn(*request)) return next::wait();
        // As on a BEAM, a request that is not known is never answered: the caller's own timeout ends it.
        if (auto answer = answer_to(request->body)) {
            on_the_side([sender = request->sender, answer = *std::move(answer)] { reply(sender, answer); });
        }
        return next::wait();
    }

private:
    /// `{spawn, M, F, A, GL}`, `{spawn_link, M, F, A, GL}` and `{spawn_opt, M, F, A, Opts, Link, GL}`, with
    /// which nodes older than OTP 23 spawn: the new process itself answers with its pid.
    bool start_spawn(const gen::request& r) const {
        const bool linked = r.body.is_tagged("spawn_link"_a, 5);
        const bool with_options = r.body.is_tagged("spawn_opt"_a, 7);
        if (!linked && !with_options && !r.body.is_tagged("spawn"_a, 5)) return false;
        const auto parts = r.body.tuple();
        auto c = read_call(r.body.share(parts[1]), r.body.share(parts[2]), r.body.share(parts[3]));
        const auto fail = [&](const term& reason) {
            on_the_side([to = r.sender, reason] {
                reply(to, term(tuple(atoms::known<"EXIT">, tuple(reason, list()))));
            });
            return true;
        };
        if (!c) return fail(term(atoms::known<"badarg">));
        spawn_options options;
        if (const auto leader = parts[with_options ? 6 : 4].as<pid>()) options.group_leader = *leader;
        const bool link_it = linked || (with_options && parts[5].is_atom(atoms::known<"link">));
        try {
            spawn(
                [core = core_, to = r.sender, c = std::move(*c), link_it]() mutable {
                    if (link_it) link(to.client);
                    reply(to, term(self()));
                    run_spawned(core->sys.exports(), std::move(c));
                },
                options);
        } catch (const process_exit&) {
            return fail(term(atoms::known<"system_limit">));
        }
        return true;
    }

    std::optional<term> answer_to(term_view request) const {
        const bool long_names = core_->form == name_form::long_names;
        if (request.is_tagged(atoms::known<"is_auth">, 2)) return term(atoms::known<"yes">);
        if (request.is_atom("longnames"_a))
            return term(long_names ? atoms::known<"true"> : atoms::known<"false">);
        if (request.is_atom("nodename"_a)) return term(core_->self());
        if (request.is_atom("ticktime"_a)) return term(std::int64_t{core_->options.net_ticktime.count()});
        if (request.is_atom("get_state"_a)) {
            const atom type = core_->nameless ? "dynamic"_a : "static"_a;
            const atom name = core_->nameless && core_->self() == atoms::known<"nonode@nohost">
                                  ? atoms::known<"undefined">
                                  : core_->self();
            return term(map("started"_a, "static"_a, "name_type"_a, type, "name"_a, name, "name_domain"_a,
                            long_names ? "longnames"_a : "shortnames"_a));
        }
        return std::nullopt;
    }

    std::shared_ptr<node_core> core_;
};

void start(node_core& core, atom name, std::unique_ptr<message_handler> handler, std::vector<pid>& started) {
    spawn_options options;
    options.name = name;
    try {
        started.push_back(core.sys.spawn(std::move(handler), options));
    } catch (const boost::system::system_error& e) {
        core.log(node_log_level::debug, {}, {}, e.code(),
                 "the process " + std::string(name.text()) + " was not started: " + e.code().message());
    }
}

}  // namespace

std::vector<pid> start_kernel_processes(node_core& core) {
    std::vector<pid> started;
    start(core, atoms::known<"net_kernel">, std::make_unique<net_kernel>(core.shared_from_this()), started);
    start(core, atoms::known<"rex">, make_rex(core.shared_from_this()), started);
    start(core, atoms::known<"global_name_server">, make_global_name_server(core.shared_from_this()),
          started);
    start(core, atoms::known<"user">, make_user(core.shared_from_this()), started);
    start(core, "standard_error"_a, make_standard_error(core.shared_from_this()), started);
    start(core, "logger_proxy"_a, make_logger_proxy(core.shared_from_this()), started);
    return started;
}

}  // namespace rakka::detail
