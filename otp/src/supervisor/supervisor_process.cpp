#include "supervisor/supervisor_process.hpp"

#include "supervisor/dynamic_children.hpp"
#include "supervisor/ordered_children.hpp"
#include "supervisor/pooled_children.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/order.hpp>

#include <exception>
#include <limits>
#include <utility>

namespace rakka::detail {
namespace {

/// As in OTP, where the function has no clause for it.
term no_clause(atom function, std::size_t arity) {
    return tuple(atoms::known<"function_clause">, list(tuple("supervisor"_a, function, arity, list())));
}

}  // namespace

// -- what both kinds have in common
// ---------------------------------------------------------------------------------------

term supervising_server::begin() {
    trap_exit(true);
    if (!name_.has_value()) return tuple(self(), module_);
    const term name = name_.to_term();
    return name.is(kind::atom) ? term(tuple("local"_a, name)) : name;
}

gen_server::result supervising_server::until_idle(result r) const {
    if (idle_) return std::move(r).timeout_after(*idle_);
    return r;
}

gen_server::result supervising_server::run(std::unique_ptr<supervisor_engine> engine) {
    engine_ = std::move(engine);
    if (auto reason = engine_->start()) {
        engine_.reset();
        return stop_with(*std::move(reason));
    }
    return until_idle(noreply());
}

gen_server::result supervising_server::after(verdict v) {
    return v == verdict::go_on ? until_idle(noreply()) : stop_with(atoms::known<"shutdown">);
}

gen_server::result supervising_server::handle_timeout() {
    engine_->rest();
    return noreply().hibernate();
}

gen_server::result supervising_server::handle_call(const term& request, const from&) {
    if (auto answer = engine_->answer(request)) return until_idle(reply(*answer));
    return stop_with(no_clause("handle_call"_a, 3));
}

gen_server::result supervising_server::handle_cast(const term& request) {
    if (request.is_tagged("try_again_restart"_a, 2))
        return after(engine_->try_again(request.share(request.tuple()[1])));
    return stop_with(no_clause("handle_cast"_a, 2));
}

gen_server::result supervising_server::handle_info(const term& message) {
    if (message.is_tagged(atoms::known<"EXIT">, 3)) {
        const auto child = message.tuple()[1].as<pid>();
        // From a port, in Erlang: nobody it knows.
        return child ? after(engine_->ended(*child, message.share(message.tuple()[2])))
                     : until_idle(noreply());
    }
    report_unexpected(message);
    return until_idle(noreply());
}

void supervising_server::terminate(term_view) {
    if (engine_) engine_->stop_all();
}

term supervising_server::initial_call() const {
    return tuple("supervisor"_a, module_, 1);
}

/// OTP 25 has it; later releases do without, and their tools look for it all the same.
term supervising_server::status_part() const {
    return tuple("supervisor"_a, list(tuple(charlist("Callback"), module_)));
}

void supervising_server::refuse(term reason) {
    rakka::exit(std::move(reason));
}

template <class F>
auto supervising_server::caught(F&& f) {
    try {
        return std::forward<F>(f)();
    } catch (const term& thrown) {  // a throw returns from the callback
        if (ended_by_signal()) throw;
        refuse(thrown);
    } catch (...) {
        if (ended_by_signal()) throw;
        refuse(tuple(atoms::known<"EXIT">, exit_reason_of(std::current_exception())));
    }
}

// -- supervisor
// -----------------------------------------------------------------------------------------------------------

start_result<pid> start_supervisor(std::unique_ptr<init_source> source, atom module, start_options options) {
    const server_name name = options.name;
    const auto idle = options.hibernate_after;
    return gen_server::start_link<supervisor_process>(std::move(options), std::move(source), module, name,
                                                      idle);
}

void supervisor_process::take(const supervisor_flags& flags) {
    constexpr milliseconds usual{1000};
    flags_ = flags;
    using limit = supervisor_hibernation::kind;
    switch (flags.hibernate_after.what()) {
        case limit::timed:
            return hibernate_after(flags.hibernate_after.time());
        case limit::infinity:
            return hibernate_after(infinity);
        case limit::by_default:
            break;
    }
    const bool simple = flags.strategy == restart_strategy::simple_one_for_one;
    hibernate_after(simple || idle_by_default_ ? idle_by_default_ : usual);
}

gen_server::result supervisor_process::init() {
    const term name = begin();
    const init_answer said = source_->ask();
    if (std::holds_alternative<init_answer::ignored>(said.what)) return ignore();
    if (const auto* const other = std::get_if<init_answer::nonsense>(&said.what))
        return stop_with(tuple("bad_return"_a, tuple(callback_module(), "init"_a, other->answer)));
    const auto flags = flags_of(said);
    if (!flags) return stop_with(tuple("supervisor_data"_a, flags.error().reason));
    take(*flags);
    const bool simple = flags->strategy == restart_strategy::simple_one_for_one;
    if (simple && !has_one_spec(said)) return stop_with(tuple("bad_start_spec"_a, specs_as_given(said)));
    auto kinds = kinds_of(said, flags->auto_shutdown);
    if (!kinds) return stop_with(tuple("start_spec"_a, kinds.error().reason));
    if (simple) return run(std::make_unique<simple_children>(name, *flags, std::move((*kinds)[0])));
    return run(std::make_unique<ordered_children>(name, *flags, *std::move(kinds)));
}

void supervisor_process::code_change(const term&, const term&) {
    struct change {
        checked<supervisor_flags> flags = bad_spec{};
        checked<std::vector<shared_kind>> kinds = bad_spec{};
    };
    const std::optional<change> next = caught([this]() -> std::optional<change> {
        const init_answer said = source_->ask();
        if (std::holds_alternative<init_answer::ignored>(said.what)) return std::nullopt;
        if (const auto* const other = std::get_if<init_answer::nonsense>(&said.what)) {
            const bool is_error = other->answer.is_tagged(atoms::known<"error">, 2);
            throw is_error ? other->answer.share(other->answer.tuple()[1]) : other->answer;
        }
        change c{flags_of(said)};
        if (c.flags) c.kinds = kinds_of(said, c.flags->auto_shutdown);
        return c;
    });
    if (!next) return;
    if (!next->flags) {
        const term& why = next->flags.error().reason;
        refuse(why.is_tagged("invalid_type"_a, 2) ? term(tuple("bad_flags"_a, why.share(why.tuple()[1])))
                                                  : why);
    }
    if (!next->kinds) refuse(next->kinds.error().reason);
    auto* const simple = dynamic_cast<simple_children*>(engine());
    if ((next->flags->strategy == restart_strategy::simple_one_for_one) != (simple != nullptr))
        refuse(tuple("invalid_strategy"_a, to_atom(next->flags->strategy)));
    if (simple == nullptr) {
        static_cast<ordered_children&>(*engine()).change(*next->flags, *next->kinds);
    } else if (next->kinds->size() == 1) {
        simple->change(*next->flags, next->kinds->front());
    } else {
        refuse(as_checked_specs(*next->kinds));  // a match that fails, in OTP
    }
    take(*next->flags);
}

/// `{state, Name, Strategy, Children, Dynamics, Intensity, Period, Restarts, DynamicRestarts, AutoShutdown,
/// Module, Args}`: tools look for the module in the place before the last.
term supervisor_process::state() const {
    term children = tuple(list(), map());
    term dynamics = atoms::known<"undefined">;
    std::size_t restarting = 0;
    if (const auto* const ordered = dynamic_cast<const ordered_children*>(engine())) {
        children = ordered->as_term();
    } else if (const auto* const simple = dynamic_cast<const simple_children*>(engine())) {
        const child_kind& kind = *simple->kind();
        children = tuple(list(kind.id), map(kind.id, to_record(kind, atoms::known<"undefined">)));
        dynamics = simple->as_term();
        restarting = simple->restarting_count();
    }
    const term name = engine() != nullptr ? engine()->name() : term(atoms::known<"undefined">);
    const auto restarts = engine() != nullptr ? engine()->limit().restarts() : std::vector<std::int64_t>();
    return tuple("state"_a, name, to_atom(flags_.strategy), children, dynamics, flags_.intensity,
                 flags_.period.count(), restarts, restarting, to_atom(flags_.auto_shutdown),
                 callback_module(), source_->arguments());
}

// -- dynamic supervisor
// ---------------------------------------------------------------------------------------------------

gen_server::result dynamic_supervisor_process::init() {
    const term name = begin();
    supervisor_ = std::exchange(make_, nullptr)();
    auto options = supervisor_->init();
    if (!options) return ignore();
    if (auto wrong = wrong_limits(options->max_restarts, options->max_seconds))
        return stop_with(tuple("supervisor_data"_a, *wrong));
    return run(std::make_unique<dynamic_children>(name, *std::move(options)));
}

void dynamic_supervisor_process::code_change(const term&, const term&) {
    auto options = caught([this] { return supervisor_->init(); });
    if (!options) return;
    if (auto wrong = wrong_limits(options->max_restarts, options->max_seconds))
        refuse(tuple("supervisor_data"_a, *wrong));
    static_cast<dynamic_children&>(*engine()).change(*std::move(options));
}

gen_server::result dynamic_supervisor_process::handle_info(const term& message) {
    if (message.is_tagged("$gen_restart"_a, 2))
        return after(engine()->try_again(message.share(message.tuple()[1])));
    return supervising_server::handle_info(message);
}

/// `%DynamicSupervisor{}`
term dynamic_supervisor_process::state() const {
    const auto* const engine = dynamic_cast<const dynamic_children*>(this->engine());
    if (engine == nullptr) return atoms::known<"undefined">;
    const dynamic_supervisor_options& o = engine->options();
    const bool unlimited = o.max_children == std::numeric_limits<std::size_t>::max();
    return map("__struct__"_a, "Elixir.DynamicSupervisor"_a, "mod"_a, callback_module(), "args"_a, list(),
               "name"_a, engine->name(), "strategy"_a, "one_for_one"_a, "children"_a, engine->as_term(),
               "extra_arguments"_a, o.extra_arguments, "max_children"_a,
               unlimited ? term(atoms::known<"infinity">) : term(o.max_children), "max_restarts"_a,
               o.max_restarts, "max_seconds"_a, o.max_seconds.count(), "restarts"_a,
               engine->limit().restarts());
}

}  // namespace rakka::detail
