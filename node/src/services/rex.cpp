#include "services/rex.hpp"

#include "connection/node_core.hpp"
#include "services/on_the_side.hpp"
#include "services/rpc_calls.hpp"
#include "services/stdout_leader.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>

namespace rakka::detail {
namespace {

/// Where the outcome of a call goes.
struct nobody {};
using asker = std::variant<nobody, from, pid>;

void answer(const asker& to, const term& value) {
    if (const auto* const caller = std::get_if<from>(&to)) reply(*caller, value);
    if (const auto* const c_node = std::get_if<pid>(&to))
        send(*c_node, term(tuple(atoms::known<"rex">, value)));
}

void answer_on_the_side(const asker& to, const term& value) {
    if (!std::holds_alternative<nobody>(to)) on_the_side([to, value] { answer(to, value); });
}

term bad_rpc(const term& reason) {
    return term(tuple(atoms::known<"badrpc">, tuple(atoms::known<"EXIT">, reason)));
}

struct request {
    term body;  ///< {_, M, F, A, GL}
    asker who;
};

/// The life of the process that makes a call: it ends with {Tag, Value}. The value is answered when it has
/// ended, so that there is one answer, whatever becomes of it.
void make_call(const node_core& core, const request& r, const reference& tag) {
    const term leader = r.body.share(r.body.tuple()[4]);
    const auto* const c_node = std::get_if<pid>(&r.who);
    std::optional<stdout_leader> output;
    if (c_node != nullptr && leader.is_atom("send_stdout_to_caller"_a)) {
        output.emplace(*c_node);
        group_leader(output->process(), self());
    } else if (const auto given = leader.as<pid>()) {
        group_leader(*given, self());
    } else if (const auto user = whereis(atoms::known<"user">)) {
        group_leader(*user, self());
    }
    term value = rpc_result(core.sys.exports(), r.body);
    if (output) output->finish();  // what was printed arrives first
    exit(term(tuple(tag, std::move(value))));
}

class rex final : public message_handler {
public:
    explicit rex(std::shared_ptr<node_core> core) : core_(std::move(core)) {}

    next handle(term message) override {
        // A block call keeps rex from everything else, but for the end of calls.
        if (message.is_tagged(atoms::known<"DOWN">, 5)) {
            on_down(message);
        } else if (blocking_) {
            waiting_.push_back(std::move(message));
        } else {
            serve(message);
        }
        while (!blocking_ && !waiting_.empty()) {
            const term next_one = std::move(waiting_.front());
            waiting_.pop_front();
            serve(next_one);
        }
        return next::wait();
    }

private:
    void serve(const term& message) {
        if (const auto call = gen::as_request(message)) {
            if (!call->label.is_atom(atoms::known<"$gen_call">)) return;
            if (call->body.is_tagged(atoms::known<"call">, 5)) {
                start({call->body, call->sender});
            } else if (call->body.is_tagged("block_call"_a, 5)) {
                blocking_ = start({call->body, call->sender});
            }
        } else if (const auto cast = gen::as_cast(message)) {
            if (cast->is_tagged("cast"_a, 5)) start({*cast, nobody{}});
        } else if (message.is_tuple(2)) {
            if (const auto caller = message.tuple()[0].as<pid>())
                on_plain(*caller, message.share(message.tuple()[1]));
        }
    }

    /// The monitor of the process that makes the call; nothing when there is no room for one.
    std::optional<reference> start(request r) {
        const asker who = r.who;
        try {
            const auto made =
                spawn_monitor([core = core_, r = std::move(r), tag = tag_] { make_call(*core, r, tag); });
            calls_.emplace(made.ref, who);
            return made.ref;
        } catch (const process_exit&) {
            answer_on_the_side(who, bad_rpc(term(atoms::known<"system_limit">)));
            return std::nullopt;
        }
    }

    void on_down(const term& message) {
        const auto ref = message.tuple()[1].as<reference>();
        const auto found = ref ? calls_.find(*ref) : calls_.end();
        if (found == calls_.end()) return;
        const term reason = message.share(message.tuple()[4]);
        const bool done = reason.is_tuple(2) && reason.tuple()[0].as<reference>() == tag_;
        answer_on_the_side(found->second, done ? reason.share(reason.tuple()[1]) : bad_rpc(reason));
        calls_.erase(found);
        if (blocking_ == *ref) blocking_.reset();
    }

    void on_plain(const pid& caller, const term& what) {
        if (what.is_atom(atoms::known<"features_request">)) {
            on_the_side([caller, node = core_->self()] {
                send(caller, term(tuple(atoms::known<"features_reply">, node, list(atoms::known<"erpc">))));
            });
        } else if (what.is_tagged(atoms::known<"call">, 5)) {
            start({what, caller});
        } else if (what.is_tagged("sbcast"_a, 3)) {
            const term name = what.share(what.tuple()[1]);
            const bool found = forward(name, what.share(what.tuple()[2]));
            on_the_side([caller, name, found, node = core_->self()] {
                const term outcome = found ? term(node) : term(tuple("nonexisting_name"_a, name));
                send(caller, term(tuple(atoms::known<"rex">, node, outcome)));
            });
        } else if (what.is_tagged("send"_a, 3)) {
            const term name = what.share(what.tuple()[1]);
            if (forward(name, term(tuple(caller, what.share(what.tuple()[2]))))) return;
            on_the_side([caller, name, node = core_->self()] {
                send(caller, term(tuple(atoms::known<"rex">, node, tuple("nonexisting_name"_a, name))));
            });
        }
    }

    /// `Name ! Message`; false where that would fail. Messages to processes here stay in order.
    static bool forward(const term& name, const term& message) {
        const auto to = to_destination(name);
        if (!to) return false;
        if (const auto* const local = std::get_if<atom>(&*to)) {
            const auto holder = whereis(*local);
            if (holder) send(*holder, message);
            return holder.has_value();
        }
        const auto* const process = std::get_if<pid>(&*to);
        if (process != nullptr && process->is_local()) {
            send(*process, message);
        } else {
            on_the_side([to = *to, message] { send(to, message); });
        }
        return true;
    }

    std::shared_ptr<node_core> core_;
    const reference tag_ = core_->sys.make_reference();
    std::unordered_map<reference, asker> calls_;  // by the monitor of the process that makes it
    std::deque<term> waiting_;                    // what came during a block call
    std::optional<reference> blocking_;           // the block call that is being made
};

}  // namespace

std::unique_ptr<message_handler> make_rex(std::shared_ptr<node_core> core) {
    return std::make_unique<rex>(std::move(core));
}

}  // namespace rakka::detail
