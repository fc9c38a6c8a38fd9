#include "services/kernel_processes.hpp"

#include "connection/node_core.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/gen_protocol.hpp>
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

/// Does `work` in a process of its own. What is sent to peers is sent this way: one that does not read
/// suspends whoever sends to it, and these two serve all peers.
template <class Work>
void on_the_side(Work work) {
    try {
        spawn(std::move(work));
    } catch (const boost::system::system_error&) {
        // No room for one more process: the peer gets no answer, but these two must go on.
    }
}

/// What `net_kernel` answers to peers. [protocol §net_kernel]
class net_kernel final : public message_handler {
public:
    explicit net_kernel(std::shared_ptr<node_core> core) : core_(std::move(core)) {}

    next handle(term message) override {
        const auto request = gen::as_request(message);
        if (!request || !request->label.is_atom(atoms::known<"$gen_call">)) return next::wait();
        // As on a BEAM, a request that is not known is never answered: the caller's own timeout ends it.
        if (auto answer = answer_to(request->body)) {
            on_the_side([sender = request->sender, answer = *std::move(answer)] { reply(sender, answer); });
        }
        return next::wait();
    }

private:
    std::optional<term> answer_to(term_view request) const {
        const bool long_names = core_->form == name_form::long_names;
        if (request.is_tagged(atoms::known<"is_auth">, 2)) return term(atoms::known<"yes">);
        if (request.is_atom("longnames"_a))
            return term(long_names ? atoms::known<"true"> : atoms::known<"false">);
        if (request.is_atom("nodename"_a)) return term(core_->self);
        if (request.is_atom("ticktime"_a)) return term(std::int64_t{core_->options.net_ticktime.count()});
        if (request.is_atom("get_state"_a)) {
            return term(map("started"_a, "static"_a, "name_type"_a, "static"_a, "name"_a, core_->self,
                            "name_domain"_a, long_names ? "longnames"_a : "shortnames"_a));
        }
        return std::nullopt;
    }

    std::shared_ptr<node_core> core_;
};

/// What `rex` answers to peers: old-style calls, and the question which services there are. [protocol §rex]
class rex final : public message_handler {
public:
    explicit rex(std::shared_ptr<node_core> core) : core_(std::move(core)) {}

    next handle(term message) override {
        if (const auto request = gen::as_request(message)) {
            if (!request->label.is_atom(atoms::known<"$gen_call">)) return next::wait();
            const from sender = request->sender;
            start_call(request->body, "block_call"_a, [sender](const term& value) { reply(sender, value); });
        } else if (const auto cast = gen::as_cast(message)) {
            start_call(*cast, "cast"_a, [](const term&) {});
        } else if (message.is_tuple(2)) {
            const auto caller = message.tuple()[0].as<pid>();
            const term_view what = message.tuple()[1];
            if (!caller) return next::wait();
            if (what.is_atom(atoms::known<"features_request">)) {
                on_the_side([to = *caller, core = core_] {
                    send(to,
                         term(tuple(atoms::known<"features_reply">, core->self, list(atoms::known<"erpc">))));
                });
            } else {
                start_call(message.share(what), atoms::known<"call">, [to = *caller](const term& value) {
                    send(to, term(tuple(atoms::known<"rex">, value)));
                });
            }
        }
        return next::wait();
    }

private:
    /// `{call, M, F, A, GL}` or the same under the name `also`; everything else is ignored.
    template <class Done>
    void start_call(const term& request, atom also, Done done) {
        if (!request.is_tagged(atoms::known<"call">, 5) && !request.is_tagged(also, 5)) return;
        on_the_side(
            [core = core_, request, done = std::move(done)] { done(rpc_result(core->exports, request)); });
    }

    std::shared_ptr<node_core> core_;
};

template <class Handler>
void start(node_core& core, atom name, std::vector<pid>& started) {
    spawn_options options;
    options.name = name;
    try {
        started.push_back(core.sys.spawn(
            std::unique_ptr<message_handler>(std::make_unique<Handler>(core.shared_from_this())), options));
    } catch (const boost::system::system_error& e) {
        core.log(node_log_level::debug, {}, {}, e.code(),
                 "the process " + std::string(name.text()) + " was not started: " + e.code().message());
    }
}

}  // namespace

std::vector<pid> start_kernel_processes(node_core& core) {
    std::vector<pid> started;
    start<net_kernel>(core, atoms::known<"net_kernel">, started);
    start<rex>(core, atoms::known<"rex">, started);
    return started;
}

}  // namespace rakka::detail
