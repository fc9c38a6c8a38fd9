#include "supervisor/supervisor_process.hpp"

#include "supervisor/dynamic_children.hpp"
#include "supervisor/ordered_children.hpp"
#include "supervisor/pooled_children.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/order.hpp>

#include <limits>
#include <unordered_set>
#include <utility>

namespace rakka::detail {
namespace {

/// As in OTP, where the function has no clause for it.
term no_clause(atom function, std::size_t arity) {
    return tuple(atoms::known<"function_clause">, list(tuple("supervisor"_a, function, arity, list())));
}

/// `{start_spec, Bad}`, or nothing and the kinds in `into`.
std::optional<term> check_all(const std::vector<child_spec>& children, mode_to_check mode,
                              std::vector<shared_kind>& into) {
    std::unordered_set<term> ids;
    for (const child_spec& spec : children) {
        auto kind = check_spec(spec, mode);
        if (!kind) return tuple("start_spec"_a, kind.error().reason);
        if (!ids.insert(kind->id).second)
            return tuple("start_spec"_a, tuple("duplicate_child_name"_a, kind->id));
        into.push_back(std::make_shared<const child_kind>(*std::move(kind)));
    }
    return std::nullopt;
}

}  // namespace

std::optional<term> wrong_limits(std::int64_t intensity, std::chrono::seconds period) {
    const auto wrong = [](atom what, std::int64_t value) {
        return tuple("supervisor_data"_a, tuple(what, value));
    };
    if (intensity < 0) return wrong("invalid_intensity"_a, intensity);
    if (period.count() <= 0) return wrong("invalid_period"_a, period.count());
    return std::nullopt;
}

// -- what both kinds have in common
// ---------------------------------------------------------------------------------------

term supervising_server::begin() {
    trap_exit(true);
    if (!name_.has_value()) return tuple(self(), module_);
    const term name = name_.to_term();
    return name.is(kind::atom) ? term(tuple("local"_a, name)) : name;
}

gen_server::result supervising_server::run(std::unique_ptr<supervisor_engine> engine, bool hibernates) {
    engine_ = std::move(engine);
    if (auto reason = engine_->start()) {
        engine_.reset();
        return stop_with(*std::move(reason));
    }
    return hibernates ? noreply().hibernate() : noreply();
}

gen_server::result supervising_server::after(verdict v) {
    return v == verdict::go_on ? noreply() : stop_with(atoms::known<"shutdown">);
}

gen_server::result supervising_server::handle_call(const term& request, const from&) {
    if (auto answer = engine_->answer(request)) return reply(*answer);
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
        return child ? after(engine_->ended(*child, message.share(message.tuple()[2]))) : noreply();
    }
    report_unexpected(message);
    return noreply();
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

// -- supervisor
// -----------------------------------------------------------------------------------------------------------

gen_server::result supervisor_process::init() {
    const term name = begin();
    supervisor_ = std::exchange(make_, nullptr)();
    auto wanted = supervisor_->init();
    if (!wanted) return ignore();
    flags_ = wanted->flags;
    if (auto wrong = wrong_limits(flags_.intensity, flags_.period)) return stop_with(*wrong);
    const bool simple = flags_.strategy == restart_strategy::simple_one_for_one;
    if (simple && wanted->children.size() != 1) {
        std::vector<term> given;
        for (const child_spec& spec : wanted->children)
            if (const auto kind = check_spec(spec, std::nullopt)) given.push_back(to_spec(*kind));
        return stop_with(tuple("bad_start_spec"_a, given));
    }
    std::vector<shared_kind> kinds;
    if (auto bad = check_all(wanted->children, flags_.auto_shutdown, kinds)) return stop_with(*bad);
    if (simple) return run(std::make_unique<simple_children>(name, flags_, std::move(kinds[0])), false);
    return run(std::make_unique<ordered_children>(name, flags_, std::move(kinds)), true);
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
                 callback_module(), list());
}

// -- dynamic supervisor
// ---------------------------------------------------------------------------------------------------

gen_server::result dynamic_supervisor_process::init() {
    const term name = begin();
    supervisor_ = std::exchange(make_, nullptr)();
    auto options = supervisor_->init();
    if (!options) return ignore();
    if (auto wrong = wrong_limits(options->max_restarts, options->max_seconds)) return stop_with(*wrong);
    return run(std::make_unique<dynamic_children>(name, *std::move(options)), false);
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
