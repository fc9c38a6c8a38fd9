#include "trace/tracer.hpp"

#include "trace/seen_call.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/handler.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/log.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/seq_trace.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <type_traits>

namespace rakka::detail {

namespace {

/// How many events go to a process before it is looked at again how far behind it is, and how far it may be.
constexpr std::size_t sent_between_looks = 256;
constexpr std::size_t most_behind = 10'000;

pid listener_of(const trace::sink& to) {
    if (const auto* const p = std::get_if<trace::to_process>(&to)) return p->process;
    if (const auto* const d = std::get_if<trace::to_device>(&to)) return d->device;
    return {};
}

class tracer final : public message_handler {
public:
    explicit tracer(std::shared_ptr<trace_session> session)
        : session_(std::move(session)), listener_(listener_of(session_->how().to)) {}

    next init() override {
        seq_trace::set_token(list());  // of whoever has started the trace
        set_label("rakka_trace"_a);
        if (listener_) watch_ = monitor(listener_);
        return next::wait();
    }

    next handle(term message) override {
        if (listener_ && is_down(watch_, message)) {
            session_->close(trace_end::sink_gone);
            return next::stop(atoms::known<"normal">);
        }
        if (message.is_atom("stop"_a)) {
            say_goodbye(trace_end::cleared);
            return next::stop(atoms::known<"normal">);
        }
        if (!message.is_atom("look"_a)) return next::wait();
        for (trace_session::shown& one : session_->take()) {
            if (session_->is_cleared()) break;  // the word for it is on its way
            if (!show(one)) return next::stop(atoms::known<"normal">);
            session_->let_go(one);
        }
        const trace_end why = session_->ended();
        if (why == trace_end::none) return next::wait();
        say_goodbye(why);
        return next::stop(atoms::known<"normal">);
    }

    void terminate(term_view) noexcept override {
        session_->abandon();
        trace_desk::of(this_system())->end(*session_);
    }

private:
    /// False: whoever is told is gone, or too far behind.
    bool show(trace_session::shown& one) {
        const trace::sink& to = session_->how().to;
        if (std::holds_alternative<trace::to_process>(to)) {
            send(listener_, std::move(one.whole));
            if (++sent_ % sent_between_looks == 0 && is_behind()) {
                session_->close(trace_end::sink_behind);
                say_goodbye(trace_end::sink_behind);
                return false;
            }
            return true;
        }
        return write(one.line, &one);
    }

    bool write(const std::string& line, const trace_session::shown* of) {
        const trace::sink& to = session_->how().to;
        if (const auto* const function = std::get_if<trace::to_function>(&to)) {
            (*function)(line + '\n');
            return true;
        }
        if (std::holds_alternative<trace::to_device>(to)) return print(line + '\n');
        log_event e{log_level::notice, of != nullptr ? of->process : self(), line};
        e.module = "trace"_a;
        e.domain = {"rakka"_a, "trace"_a};
        if (of != nullptr) e.time = of->time;
        tell(this_system(), std::move(e));
        return true;
    }

    /// By the I/O protocol; waits until it is printed.
    bool print(const std::string& text) {
        const reference request = make_reference();
        send(listener_, tuple("io_request"_a, self(), request, tuple("put_chars"_a, "unicode"_a, text)));
        const term answer = receive_if([&](term_view m) {
            if (is_down(watch_, m) || m.is_atom("stop"_a)) return true;
            return m.is_tagged("io_reply"_a, 3) && m.tuple()[1].as<reference>() == request;
        });
        if (answer.is_tagged("io_reply"_a, 3)) return true;
        session_->close(answer.is_atom("stop"_a) ? trace_end::cleared : trace_end::sink_gone);
        return false;
    }

    [[nodiscard]] bool is_behind() const {
        if (!listener_.is_local()) return false;  // a busy connection holds up the tracer
        const auto info = process_info(listener_);
        return info && info->message_queue_len > most_behind;
    }

    void say_goodbye(trace_end why) {
        const std::uint64_t lost = session_->dropped();
        if (std::holds_alternative<trace::to_process>(session_->how().to)) {
            send(listener_, tuple("rakka_trace"_a, "stopped"_a, name_of(why), lost));
            return;
        }
        if (lost != 0)
            static_cast<void>(write(fmt::format("rakka_trace: {} events were not shown", lost), nullptr));
        if (why == trace_end::rate)
            static_cast<void>(
                write("rakka_trace: the rate limit was exceeded, the trace has ended", nullptr));
    }

    const std::shared_ptr<trace_session> session_;
    const pid listener_;  // none: the log or a function
    reference watch_;
    std::size_t sent_ = 0;
};

}  // namespace

pid start_tracer(const std::shared_ptr<trace_session>& session) {
    // Not a part of the application, or of the shell, that asks for it.
    return spawn(std::make_unique<tracer>(session), {.group_leader = this_system().nobody()});
}

std::shared_ptr<const exported_function> seen_function(
    const std::shared_ptr<trace_session>& session, const trace::function_pattern& name,
    const std::shared_ptr<const exported_function>& found) {
    return std::make_shared<const exported_function>(
        [session, name, found](const std::vector<term>& arguments) -> term {
            if (session->over() || !session->covers_caller()) return (*found)(arguments);
            return run_in_sight(
                *session, name, arguments, [&] { return (*found)(arguments); },
                [](const term& value) { return value; });
        });
}

// -- the trace of a system
// ----------------------------------------------------------------------------------------------------

std::shared_ptr<trace_desk> trace_desk::of(system& s) {
    return attached<trace_desk>(s);
}

void trace_desk::begin(const std::shared_ptr<trace_session>& session, const pid& tracer) {
    const std::lock_guard lock(mutex_);
    if (session_) {
        session_->close(trace_end::cleared);
        system_.send(tracer_, "stop"_a);
        watch_births(system_, nullptr);
        system_.exports().intercept({});
    }
    session_ = nullptr;
    if (session->over()) return;  // its tracer has ended already
    session_ = session;
    tracer_ = tracer;
    const trace_selection& whom = session->whom();
    const bool births = whom.born || !whom.modules.empty();
    if (births) watch_births(system_, session);
    if (!session->traces_calls()) return;
    system_.exports().intercept(
        [session](const exported_name& name, const std::shared_ptr<const exported_function>& found) {
            if (session->over() || !session->wants(name.module, name.function, name.arity)) return found;
            return seen_function(session, {name.module, name.function, name.arity}, found);
        });
}

void trace_desk::end(const trace_session& session) noexcept {
    const std::lock_guard lock(mutex_);  // rakka-lint: allow(lock) held for steps that never wait
    if (session_.get() != &session) return;
    session_ = nullptr;
    tracer_ = {};
    watch_births(system_, nullptr);
    system_.exports().intercept({});
}

void trace_desk::clear() noexcept {
    const std::lock_guard lock(mutex_);
    if (!session_) return;
    session_->clear();
    try {
        system_.send(tracer_, "stop"_a);
    } catch (...) {
        return;  // no memory: the tracer stays, and has nothing to show
    }
}

std::optional<pid> trace_desk::tracer() const {
    const std::lock_guard lock(mutex_);
    return session_ && !session_->is_cleared() ? std::optional(tracer_) : std::nullopt;
}

}  // namespace rakka::detail
