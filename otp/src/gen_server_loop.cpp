#include "gen_server_loop.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>

#include <exception>
#include <utility>

namespace rakka::detail {

namespace {
const atom unknown_request = "unknown_system_msg"_a;

/// Why an exception that has left a callback ends the server. In OTP a throw returns from the callback, with
/// something that is no result.
term failure_of(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const term& thrown) {
        return tuple("bad_return_value"_a, thrown);
    } catch (...) {
        return exit_reason_of(exception);
    }
}

}  // namespace

// -- starting
// ----------------------------------------------------------------------------------------------------------

void gen_server_loop::report_start_failure(const term& reason) {
    // The name is free again before the starter hears of the failure, so that it can try once more at once.
    if (name_ && whereis(name_) == self()) static_cast<void>(unregister_name(name_));
    send(start_->starter, tuple(start_->tag, tuple(atoms::known<"error">, reason)));
}

std::optional<term> gen_server_loop::take_name() {
    while (name_) {
        const auto done = register_name(name_, self());
        if (done) break;
        if (done.error() != actors_errc::name_taken) return term(atoms::known<"badarg">);
        if (const auto holder = whereis(name_)) return term(tuple(atoms::known<"already_started">, *holder));
        // Free again by now, or just about to be.
        yield();
    }
    return std::nullopt;
}

next gen_server_loop::init() {
    if (const auto reason = take_name()) {
        name_ = {};
        report_start_failure(*reason);
        return next::stop(atoms::known<"normal">);
    }
    try {
        return start_server();
    } catch (...) {
        if (ended_by_signal()) throw;
        const term reason = failure_of(std::current_exception());
        report_start_failure(reason);
        return next::stop(reason);
    }
}

next gen_server_loop::start_server() {
    server_ = std::exchange(start_->make, nullptr)();
    if (start_->linked) parent_ = start_->starter;
    result decided = server_->init();
    if (decided.reason_.has_value()) {
        report_start_failure(decided.reason_);
        return next::stop(decided.quiet_ ? term(atoms::known<"normal">) : std::move(decided.reason_));
    }
    send(start_->starter, tuple(start_->tag, atoms::known<"ok">));
    start_.reset();
    // It has started: a crash in handle_continue is from here on no failure to start any more.
    return run([&] { return std::move(decided); });
}

// -- messages
// ----------------------------------------------------------------------------------------------------------

next gen_server_loop::handle(term message) {
    if (message.is_tagged(atoms::known<"$gen_call">, 3)) {
        if (auto request = gen::as_request(std::move(message))) return on_call(*request);
    } else if (message.is_tagged(atoms::known<"system">, 3)) {
        if (const auto request = gen::as_request(message)) return on_system(*request);
    } else if (const auto body = gen::as_cast(message)) {
        return run([&] { return server_->handle_cast(*body); });
    }
    if (is_parent_exit(message.view())) return end(message.share(message.tuple()[2]));
    return run([&] { return server_->handle_info(message); });
}

next gen_server_loop::handle_timeout() {
    if (std::exchange(idle_, false)) return next::hibernate();
    return run([&] { return server_->handle_timeout(); });
}

next gen_server_loop::on_call(const gen::request& request) {
    return run([&] { return server_->handle_call(request.body, request.sender); }, &request.sender);
}

bool gen_server_loop::is_parent_exit(term_view message) const {
    if (!parent_ || !message.is_tagged(atoms::known<"EXIT">, 3)) return false;
    const auto from = message.tuple()[1].as<pid>();
    return from && *from == parent_;
}

// -- decisions
// ---------------------------------------------------------------------------------------------------------

template <class Callback>
next gen_server_loop::run(Callback&& callback, const from* caller) {
    try {
        return carry_out(callback(), caller);
    } catch (...) {
        if (ended_by_signal())
            throw;  // as in Erlang: an exit that is not trapped leaves no time for last words
        return end(failure_of(std::current_exception()));
    }
}

next gen_server_loop::carry_out(result decided, const from* caller) {
    for (;;) {
        const bool answers = caller && decided.reply_.has_value();
        if (decided.reason_.has_value()) {
            next last = end(std::move(decided.reason_));  // OTP answers after terminate/2 has run
            if (answers) reply(*caller, std::move(decided.reply_));
            return last;
        }
        if (answers) reply(*caller, std::move(decided.reply_));
        if (!decided.continue_.has_value()) break;
        caller = nullptr;
        bump_reductions(1);
        decided = server_->handle_continue(decided.continue_);
    }
    has_timeout_ = decided.timeout_.has_value();
    timeout_ = decided.timeout_.value_or(forever);
    hibernate_ = decided.hibernate_;
    return wait();
}

next gen_server_loop::wait() {
    idle_ = false;
    if (hibernate_) return next::hibernate();
    if (has_timeout_) return next::timeout(saturated(timeout_));
    idle_ = hibernate_after_ != forever;
    return idle_ ? next::timeout(saturated(hibernate_after_)) : next::wait();
}

next gen_server_loop::end(term reason) {
    try {
        server_->terminate(reason);
    } catch (const term&) {
        if (ended_by_signal()) throw;  // a throw returns from terminate/2, too
    } catch (...) {
        if (ended_by_signal()) throw;
        reason =
            exit_reason_of(std::current_exception());  // a crash in terminate/2 is the reason then, as in OTP
    }
    return next::stop(std::move(reason));
}

// -- system messages [protocol §7.3]
// -------------------------------------------------------------------------------------

namespace {

/// sys:get_state wants the bare state on OTP 25 and `{ok, State}` later; only the width of the caller's
/// reference tells.
bool caller_is_otp_26_or_later(const from& sender) {
    if (!sender.tag.is(kind::list)) return true;
    const auto ref = sender.tag.list().tail().as<reference>();
    return !ref || ref->size == reference::max_words;
}

}  // namespace

/// The answer to get_state, which a failing state() must not end the server for. [protocol §7.3]
term gen_server_loop::state_for(const from& sender) const {
    try {
        const term state = server_->state();
        return caller_is_otp_26_or_later(sender) ? term(tuple(atoms::known<"ok">, state)) : state;
    } catch (...) {
        if (ended_by_signal()) throw;
        return tuple(atoms::known<"error">,
                     tuple("callback_failed"_a, tuple(atoms::known<"gen_server">, "system_get_state"_a),
                           tuple(atoms::known<"error">, exit_reason_of(std::current_exception()))));
    }
}

next gen_server_loop::on_system(const gen::request& request) {
    const term& what = request.body;
    if (what.is_tagged("terminate"_a, 2)) {
        reply(request.sender, atoms::known<"ok">);
        return end(what.share(what.tuple()[1]));
    }
    if (what.is_atom("suspend"_a)) {
        reply(request.sender, atoms::known<"ok">);
        return suspended_ ? next::wait() : suspended();
    }
    if (what.is_atom("resume"_a)) {
        suspended_ = false;
        reply(request.sender, atoms::known<"ok">);
    } else if (what.is_atom("get_state"_a)) {
        reply(request.sender, state_for(request.sender));
    } else {
        reply(request.sender, tuple(atoms::known<"error">, tuple(unknown_request, what)));
    }
    return wait();
}

next gen_server_loop::suspended() {
    // Everything but system messages and the parent's exit stays in the mailbox until resumed. Erlang:
    // sys:suspend_loop.
    suspended_ = true;
    while (suspended_) {
        const term message = receive_if(
            [&](term_view m) { return m.is_tagged(atoms::known<"system">, 3) || is_parent_exit(m); });
        if (is_parent_exit(message.view())) return end(message.share(message.tuple()[2]));
        const auto request = gen::as_request(message);
        if (!request) continue;
        next decided = on_system(*request);
        if (decided.what() == next::action::stop) return decided;
    }
    return wait();
}

}  // namespace rakka::detail
