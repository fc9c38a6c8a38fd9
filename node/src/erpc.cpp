#include "services/rpc_calls.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/node/erpc.hpp>

#include <algorithm>

namespace rakka::erpc {
namespace {

using rakka::detail::is_proper_list;

term badarg() {
    return tuple(atoms::known<"erpc">, atoms::known<"badarg">);
}

failure trouble(atom why) {
    return failure::because(failure_kind::erpc, term(why));
}

atom spawn_reply_atom() {
    static const atom name("spawn_reply");
    return name;
}

/// The reference of the request that this message answers: `{spawn_reply, Ref, error, Reason}`, or 'DOWN'.
std::optional<reference> answered(term_view m) {
    if (!m.is_tagged(spawn_reply_atom(), 4) && !m.is_tagged(atoms::known<"DOWN">, 5)) return std::nullopt;
    const auto ref = m.tuple()[1].as<reference>();
    return ref ? std::optional(*ref) : std::nullopt;
}

/// What the exit reason of the process of a call says.
response read_end(const term& message, const reference& result) {
    const term_view reason = message.tuple()[4];
    const auto part = [&](std::size_t i) { return message.share(reason.tuple()[i]); };
    const bool outcome = (reason.is_tuple(3) || reason.is_tuple(4)) &&
                         reason.tuple()[0].as<reference>() == result && reason.tuple()[1].is(kind::atom);
    if (!outcome) {
        if (reason.is_atom(atoms::known<"noconnection">)) return trouble(atoms::known<"noconnection">);
        return failure::because(failure_kind::signal, message.share(reason));
    }
    const term_view what = reason.tuple()[1];
    if (reason.is_tuple(4)) return failure::because(failure_kind::failed, part(2), part(3));
    if (what.is_atom(atoms::known<"return">)) return part(2);
    if (what.is_atom(atoms::known<"throw">)) return failure::because(failure_kind::thrown, part(2));
    if (what.is_atom(atoms::known<"exit">)) return failure::because(failure_kind::exited, part(2));
    const term_view value = reason.tuple()[2];
    if (value.is_tagged(atoms::known<"erpc">, 2))
        return failure::because(failure_kind::erpc, message.share(value.tuple()[1]));
    return failure::because(failure_kind::failed, part(2), term(list()));
}

/// `message` is one that answered() knows.
response read_answer(const term& message, const reference& result) {
    if (message.is_tuple(4)) return failure::because(failure_kind::erpc, message.share(message.tuple()[3]));
    return read_end(message, result);
}

request_id request(atom node, atom module, atom function, term arguments) {
    const reference result = make_reference();
    return {result, spawn_request(node, atoms::known<"erpc">, atoms::known<"execute_call">,
                                  term(list(result, module, function, std::move(arguments))),
                                  {.monitor = true, .reply = spawn_reply::error_only})};
}

/// Nothing comes of the request any more; false when its answer is in the mailbox.
bool give_up(const reference& request) {
    return spawn_request_abandon(request) || demonitor(request, {.info = true});
}

/// Tells how much is left of a time.
class remaining_time {
public:
    explicit remaining_time(time_limit all) {
        if (!all) return;
        const auto now = this_system().now();
        end_ = now + std::min(saturated(*all), std::chrono::nanoseconds::max() - now);
    }
    [[nodiscard]] std::optional<std::chrono::nanoseconds> left() const {
        if (!end_) return std::nullopt;
        return std::max<std::chrono::nanoseconds>(*end_ - this_system().now(), {});
    }

private:
    std::optional<std::chrono::nanoseconds> end_;
};

std::optional<term> await(const reference& request, std::optional<std::chrono::nanoseconds> time) {
    return receive_if(
        request, [&](term_view m) { return answered(m) == request; }, time);
}

response finish(const request_id& id, std::optional<std::chrono::nanoseconds> time) {
    auto message = await(id.request, time);
    if (!message && !give_up(id.request)) message = await(id.request, std::chrono::nanoseconds(0));
    return message ? read_answer(*message, id.result) : response(trouble(atoms::known<"timeout">));
}

}  // namespace

struct request_access {
    static bool contains(const request_ids& ids, const reference& request) {
        return ids.waiting_.contains(request);
    }
    static labelled_response take(request_ids& ids, const reference& request, const term& message) {
        const auto found = ids.waiting_.find(request);
        labelled_response out{read_answer(message, found->second.result), std::move(found->second.label)};
        ids.waiting_.erase(found);
        return out;
    }
    static void give_up_all(request_ids& ids) {
        for (const auto& [request, entry] : ids.waiting_) {
            if (!give_up(request)) static_cast<void>(await(request, std::chrono::nanoseconds(0)));
        }
        ids.waiting_.clear();
    }
};

// ---- failures

term failure::to_term() const {
    static const atom exception("exception"), signal("signal");
    switch (what) {
        case failure_kind::thrown:
            return tuple(atoms::known<"throw">, reason);
        case failure_kind::exited:
            return tuple(atoms::known<"exit">, tuple(exception, reason));
        case failure_kind::failed:
            return tuple(atoms::known<"error">, tuple(exception, reason, stack));
        case failure_kind::signal:
            return tuple(atoms::known<"exit">, tuple(signal, reason));
        case failure_kind::erpc:
            return tuple(atoms::known<"error">, tuple(atoms::known<"erpc">, reason));
        case failure_kind::none:
            break;
    }
    return atoms::known<"ok">;
}

void throw_exception_from_error(const failure& e, const boost::source_location& /*where*/) {
    if (e.what == failure_kind::thrown) throw term(e.reason);
    const term exception = e.to_term();
    const term reason = exception.share(exception.is_tuple(2) ? exception.tuple()[1] : exception.view());
    if (e.what == failure_kind::exited || e.what == failure_kind::signal) exit(reason);
    error(reason);
}

// ---- calls

term detail::applied(term fun) {
    using namespace etf::detail;
    const word w = fun.word();
    const bool applies = (is_box(w, box::export_fun) && pointer(w)[export_layout::arity] == 0) ||
                         (is_box(w, box::fun) && pointer(w)[fun_layout::arity] == 0);
    return applies ? term(list(std::move(fun), list())) : term(atoms::known<"badarg">);
}

response call(atom node, atom module, atom function, term arguments, time_limit timeout) {
    if (!is_proper_list(arguments)) return trouble(atoms::known<"badarg">);
    const remaining_time time(timeout);
    const request_id id = request(node, module, function, std::move(arguments));
    return finish(id, time.left());
}

std::vector<response> multicall(const std::vector<atom>& nodes, atom module, atom function, term arguments,
                                time_limit timeout) {
    if (!is_proper_list(arguments))
        return std::vector<response>(nodes.size(), response(trouble(atoms::known<"badarg">)));
    const remaining_time time(timeout);
    std::vector<request_id> requests;
    for (const atom node : nodes)
        requests.push_back(request(node, module, function, arguments));
    std::vector<response> answers;
    for (const request_id& id : requests)
        answers.push_back(finish(id, time.left()));
    return answers;
}

void cast(atom node, atom module, atom function, term arguments) {
    if (!is_proper_list(arguments)) error(badarg());
    spawn_request(node, atoms::known<"erpc">, atoms::known<"execute_cast">,
                  term(list(module, function, std::move(arguments))), {.reply = spawn_reply::no});
}

void multicast(const std::vector<atom>& nodes, atom module, atom function, const term& arguments) {
    for (const atom node : nodes)
        cast(node, module, function, arguments);
}

// ---- requests

void request_ids::add(const request_id& id, term label) {
    waiting_.insert_or_assign(id.request, entry{id.result, std::move(label)});
}

std::vector<std::pair<request_id, term>> request_ids::to_list() const {
    std::vector<std::pair<request_id, term>> all;
    for (const auto& [ref, e] : waiting_)
        all.emplace_back(request_id{e.result, ref}, e.label);
    return all;
}

request_id send_request(atom node, atom module, atom function, term arguments) {
    if (!is_proper_list(arguments)) error(badarg());
    return request(node, module, function, std::move(arguments));
}

void send_request(atom node, atom module, atom function, term arguments, term label, request_ids& into) {
    into.add(send_request(node, module, function, std::move(arguments)), std::move(label));
}

response receive_response(const request_id& id, time_limit timeout) {
    return finish(id, remaining_time(timeout).left());
}

std::optional<response> wait_response(const request_id& id, time_limit time) {
    const auto message = await(id.request, remaining_time(time).left());
    if (!message) return std::nullopt;
    return read_answer(*message, id.result);
}

std::optional<labelled_response> wait_response(request_ids& ids, time_limit time) {
    if (ids.empty()) return std::nullopt;
    const auto wanted = [&](term_view m) {
        const auto ref = answered(m);
        return ref && request_access::contains(ids, *ref);
    };
    std::optional<term> message;
    if (const auto limit = remaining_time(time).left()) {
        message = receive_if(wanted, *limit);
    } else {
        message = receive_if(wanted);
    }
    if (!message) return std::nullopt;
    return request_access::take(ids, *answered(*message), *message);
}

std::optional<labelled_response> receive_response(request_ids& ids, time_limit timeout) {
    if (ids.empty()) return std::nullopt;
    if (auto answer = wait_response(ids, timeout)) return answer;
    request_access::give_up_all(ids);
    return labelled_response{trouble(atoms::known<"timeout">), {}};
}

std::optional<response> check_response(const term& message, const request_id& id) {
    if (answered(message) != id.request) return std::nullopt;
    return read_answer(message, id.result);
}

std::optional<labelled_response> check_response(const term& message, request_ids& ids) {
    const auto ref = answered(message);
    if (!ref || !request_access::contains(ids, *ref)) return std::nullopt;
    return request_access::take(ids, *ref, message);
}

}  // namespace rakka::erpc
