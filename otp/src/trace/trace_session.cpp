#include "trace/trace_session.hpp"

#include "behaviour/behaviour.hpp"

#include <rakka/actors/log.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/reductions.hpp>
#include <rakka/etf/encode.hpp>

#include <boost/core/demangle.hpp>

#include <algorithm>
#include <exception>
#include <string_view>

namespace rakka::detail {

namespace {

using decision = trace_gate::decision;
using kind_of = trace::event::kind;

/// What a line costs the queue besides its text.
constexpr std::size_t line_overhead = 128;

/// Whether the type is of the module: has its name, or stands in its scope.
bool is_of(std::string_view type, std::string_view module) {
    return type.starts_with(module) &&
           (type.size() == module.size() || type.substr(module.size()).starts_with("::"));
}

}  // namespace

std::chrono::system_clock::time_point trace_now(system& s) noexcept {
    using std::chrono::system_clock;
    if (has_threads(s)) return system_clock::now();
    return system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(s.now()));
}

atom name_of(trace_end why) {
    switch (why) {
        case trace_end::none:
            break;
        case trace_end::cleared:
            return "cleared"_a;
        case trace_end::limit:
            return "limit"_a;
        case trace_end::rate:
            return "rate"_a;
        case trace_end::sink_gone:
            return "sink_gone"_a;
        case trace_end::sink_behind:
            return "sink_behind"_a;
    }
    return "none"_a;
}

decision trace_gate::admit(std::chrono::nanoseconds now) noexcept {
    if (!until_.window) {
        if (count_ >= until_.most) return decision::stop;
        return ++count_ == until_.most ? decision::pass_as_last : decision::pass;
    }
    // In milliseconds: a window may be longer than nanoseconds can say.
    if (!begin_ || std::chrono::ceil<std::chrono::milliseconds>(now - *begin_) > *until_.window) {
        begin_ = now;
        count_ = 0;
    }
    if (count_ >= until_.most) return decision::stop;
    ++count_;
    return decision::pass;
}

trace_session::trace_session(system& s, const trace::limit& until, trace::options how, trace::functions calls)
    : system_(s), how_(std::move(how)), calls_(std::move(calls)), gate_(until) {}

void trace_session::choose(trace_selection whom, const pid& tracer) {
    whom_ = std::move(whom);
    whom_.left_out.push_back(tracer);
    tracer_ = tracer;
}

// -- who
// ----------------------------------------------------------------------------------------------------

bool trace_session::has_left_out(const pid& p) const noexcept {
    return std::find(whom_.left_out.begin(), whom_.left_out.end(), p) != whom_.left_out.end();
}

process_watch::choice trace_session::chooses(const candidate& who) noexcept {
    if (has_left_out(who.process)) return choice::no;
    // Calls of everybody: whether they are to be shown is asked at each call.
    if (traces_calls() && whom_.is_everybody()) return choice::handler_only;
    if (who.born ? whom_.born : whom_.existing) return choice::yes;
    if (!who.born && std::find(whom_.chosen.begin(), whom_.chosen.end(), who.process) != whom_.chosen.end())
        return choice::yes;
    if (whom_.modules.empty()) return choice::no;
    try {
        std::string name;
        if (const auto* const loop = dynamic_cast<const behaviour*>(who.handler)) {
            const auto module = loop->module_if_known();
            if (!module) return choice::later;
            name = module->text();
        } else {
            name = boost::core::demangle(who.code.name());
        }
        const bool any = std::any_of(whom_.modules.begin(), whom_.modules.end(),
                                     [&](atom module) { return is_of(name, module.text()); });
        return any ? choice::yes : choice::no;
    } catch (...) {
        return choice::no;  // no memory
    }
}

bool trace_session::covers_caller() const noexcept {
    if (!in_process()) return false;
    if (whom_.is_everybody()) return !has_left_out(self());
    return watch_here() == this;
}

bool trace_session::wants(atom module) const noexcept {
    return std::any_of(calls_.begin(), calls_.end(), [&](const auto& f) { return f.module == module; });
}

bool trace_session::wants(atom module, atom function, std::size_t arity) const noexcept {
    return std::any_of(calls_.begin(), calls_.end(), [&](const trace::function_pattern& f) {
        return f.module == module && (!f.function || *f.function == function) &&
               (!f.arity || *f.arity == arity);
    });
}

// -- what
// ----------------------------------------------------------------------------------------------------

void trace_session::sent(const term& to, term_view message, bool exists) noexcept {
    if (!traces_messages() || !how_.sent) return;
    trace::event e;
    e.what = exists ? kind_of::sent : kind_of::sent_to_nobody;
    e.to = to;
    e.message = message;
    record(e);
}

void trace_session::received(term_view message) noexcept {
    if (!traces_messages() || !how_.received) return;
    trace::event e;
    e.what = kind_of::received;
    e.message = message;
    record(e);
}

void trace_session::called(const trace::function_pattern& f, const std::vector<term>& arguments) noexcept {
    trace::event e;
    e.what = kind_of::called;
    e.module = f.module;
    e.function = *f.function;
    e.arity = *f.arity;
    if (how_.arguments) e.arguments = &arguments;
    record(e);
}

void trace_session::call_event(trace::event::kind what, const trace::function_pattern& f,
                               const term& value) noexcept {
    trace::event e;
    e.what = what;
    e.module = f.module;
    e.function = *f.function;
    e.arity = *f.arity;
    e.message = value;
    record(e);
}

void trace_session::returned(const trace::function_pattern& f, const term& value) noexcept {
    if (how_.return_values) call_event(kind_of::returned, f, value);
}

void trace_session::failed(const trace::function_pattern& f, const term& reason) noexcept {
    if (how_.return_values) call_event(kind_of::failed, f, reason);
}

bool trace_session::matches(const trace::event& e) const noexcept {
    if (!how_.match) return true;
    try {
        return how_.match(e);
    } catch (...) {
        return false;
    }
}

void trace_session::record(trace::event& e) noexcept {
    if (over()) return;
    std::optional<no_preempt> in_the_middle_of_a_message;
    if (how_.match || how_.formatter) in_the_middle_of_a_message.emplace();
    e.process = self();
    e.time = trace_now(system_);
    if (!matches(e) || !admit()) return;
    try {
        shown what = shape(e);
        what.size = size_of(what);
        settle(&what);
    } catch (...) {
        settle(nullptr);  // no memory
    }
}

/// Counts one more event. False: it is too late for it.
bool trace_session::admit() noexcept {
    decision what = decision::stop;
    {
        const auto now = system_.now();
        const std::lock_guard lock(mutex_);
        if (ended_ != trace_end::none) return false;
        what = gate_.admit(now);
        if (what != decision::stop) ++passed_;
        if (what == decision::pass) return true;
        ended_ = what == decision::stop ? trace_end::rate : trace_end::limit;
        end();
    }
    if (what == decision::stop) wake();
    return what != decision::stop;
}

trace_session::shown trace_session::shape(const trace::event& e) const {
    shown out{.process = e.process, .time = e.time, .line = {}, .whole = {}};
    if (std::holds_alternative<trace::to_process>(how_.to)) {
        out.size = copied_bytes(e);
        if (out.size <= how_.max_waiting) out.whole = trace::to_term(e);  // else it could not wait at all
        return out;
    }
    if (!how_.formatter) {
        out.line = trace::format(e, how_.chars_limit);
        return out;
    }
    try {
        out.line = how_.formatter(e);
    } catch (const std::exception& failure) {
        out.line = std::string("FORMATTER CRASH: ") + failure.what();
    } catch (...) {
        out.line = "FORMATTER CRASH";
    }
    if (out.line.size() > how_.chars_limit) out.line.resize(how_.chars_limit);
    return out;
}

/// What a copy of it takes, with the binaries that it would share: they may have nobody else before long.
std::size_t trace_session::copied_bytes(const trace::event& e) {
    const auto size = [](term_view t) {
        const auto bytes = etf::encoded_size(t);
        return bytes ? *bytes : 0;  // a C++ object, which is not copied
    };
    std::size_t all = e.message.has_value() ? size(e.message) : 0;
    if (e.arguments != nullptr) {
        for (const term& t : *e.arguments)
            all += size(t);
    }
    return all;
}

std::size_t trace_session::size_of(const shown& what) {
    const etf::detail::arena* const held = what.whole.owner();
    return line_overhead + what.line.size() + std::max(what.size, held != nullptr ? held->bytes() : 0);
}

/// An event that has passed is shown, or is not, for want of room: null.
void trace_session::settle(shown* what) noexcept {
    {
        const std::lock_guard lock(mutex_);
        ++done_;
        const bool room = what != nullptr && !abandoned_ &&
                          (what->whole.has_value() || !what->line.empty()) &&
                          what->size <= how_.max_waiting && bytes_ <= how_.max_waiting - what->size;
        if (!room) {
            ++dropped_;
        } else {
            try {
                const std::size_t size = what->size;
                queue_.push_back(std::move(*what));
                bytes_ += size;
            } catch (...) {
                ++dropped_;
            }
        }
    }
    wake();
}

/// Tells the tracer to look, unless it is about to.
void trace_session::wake() noexcept {
    {
        const std::lock_guard lock(mutex_);
        const bool over = ended_ != trace_end::none && done_ == passed_;
        if (woken_ || (queue_.empty() && !over)) return;
        woken_ = true;
    }
    try {
        system_.send(tracer_, "look"_a);
    } catch (...) {
        const std::lock_guard lock(mutex_);
        woken_ = false;  // no memory: the next event tries again
    }
}

// -- for the tracer
// ----------------------------------------------------------------------------------------------------

std::vector<trace_session::shown> trace_session::take() {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    return std::exchange(queue_, {});
}

void trace_session::let_go(const shown& what) noexcept {
    const std::lock_guard lock(mutex_);
    bytes_ -= what.size;
}

void trace_session::close(trace_end why) noexcept {
    end();
    const std::lock_guard lock(mutex_);
    if (ended_ == trace_end::none) ended_ = why;
}

void trace_session::clear() noexcept {
    end();
    const std::lock_guard lock(mutex_);
    ended_ = trace_end::cleared;
}

void trace_session::abandon() noexcept {
    close(trace_end::cleared);
    std::vector<shown> rest;  // goes without the lock
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    rest.swap(queue_);
}

trace_end trace_session::ended() const noexcept {
    const std::lock_guard lock(mutex_);
    return done_ == passed_ && queue_.empty() ? ended_ : trace_end::none;
}

bool trace_session::is_cleared() const noexcept {
    const std::lock_guard lock(mutex_);
    return ended_ == trace_end::cleared;
}

std::uint64_t trace_session::dropped() const noexcept {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

}  // namespace rakka::detail
