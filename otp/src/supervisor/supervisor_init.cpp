#include "supervisor/supervisor_init.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/order.hpp>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace rakka::detail {
namespace {

bad_spec wrong(atom what, const term& value) {
    return {tuple(what, value)};
}

init_answer answer_of(std::optional<supervisor::setup> said) {
    if (!said) return {init_answer::ignored{}};
    return {*std::move(said)};
}

// -- flags

std::optional<bad_spec> check_flags(const supervisor_flags& f) {
    if (auto limits = wrong_limits(f.intensity, f.period)) return bad_spec{*std::move(limits)};
    if (f.strategy == restart_strategy::simple_one_for_one && f.auto_shutdown != auto_shutdown_mode::never)
        return wrong("bad_combination"_a, list(tuple("auto_shutdown"_a, to_atom(f.auto_shutdown)),
                                               tuple("strategy"_a, to_atom(f.strategy))));
    using limit = supervisor_hibernation::kind;
    if (f.hibernate_after.what() == limit::timed && f.hibernate_after.time().count() < 0)
        return wrong("invalid_hibernate_after"_a, f.hibernate_after.time().count());
    return std::nullopt;
}

template <class Enum>
std::optional<Enum> read_one_of(const term& t, std::initializer_list<Enum> all) {
    for (const Enum e : all)
        if (t == term(to_atom(e))) return e;
    return std::nullopt;
}

/// A number of any size that is at least `least`; more than 64 bits hold is as good as the most they do.
std::optional<std::int64_t> read_count(const term& t, std::int64_t least) {
    if (!t.is(kind::integer)) return std::nullopt;
    if (const auto n = t.as<std::int64_t>())
        return *n >= least ? std::optional<std::int64_t>(*n) : std::nullopt;
    const term none = 0;
    if (compare(t, none) < 0) return std::nullopt;
    return std::numeric_limits<std::int64_t>::max();
}

/// The longest that is asked for all the same: some hundred million years are for ever.
constexpr std::int64_t most_milliseconds = std::numeric_limits<std::int64_t>::max() / 1'000'000;

checked<supervisor_hibernation> read_hibernation(const term& t) {
    if (t.is_atom(atoms::known<"infinity">)) return supervisor_hibernation(infinity);
    const auto ms = read_count(t, 0);
    if (!ms) return wrong("invalid_hibernate_after"_a, t);
    return supervisor_hibernation(std::chrono::milliseconds(std::min(*ms, most_milliseconds)));
}

/// In the order in which OTP looks at them.
checked<supervisor_flags> read_flag_map(const term& flags) {
    const auto field = [&](atom key) -> std::optional<term> {
        const auto found = flags.map().find(term_view(key));
        return found ? std::optional(flags.share(*found)) : std::nullopt;
    };
    supervisor_flags f;
    if (const auto given = field("strategy"_a)) {
        using enum restart_strategy;
        const auto strategy =
            read_one_of(*given, {one_for_one, one_for_all, rest_for_one, simple_one_for_one});
        if (!strategy) return wrong("invalid_strategy"_a, *given);
        f.strategy = *strategy;
    }
    if (const auto given = field("intensity"_a)) {
        const auto intensity = read_count(*given, 0);
        if (!intensity) return wrong("invalid_intensity"_a, *given);
        f.intensity = *intensity;
    }
    if (const auto given = field("period"_a)) {
        const auto period = read_count(*given, 1);
        if (!period) return wrong("invalid_period"_a, *given);
        f.period = std::chrono::seconds(std::min(*period, most_milliseconds / 1000));
    }
    if (const auto given = field("auto_shutdown"_a)) {
        using enum auto_shutdown_mode;
        const auto mode = read_one_of(*given, {never, any_significant, all_significant});
        if (!mode) return wrong("invalid_auto_shutdown"_a, *given);
        f.auto_shutdown = *mode;
    }
    if (auto bad = check_flags(f)) return *bad;
    if (const auto given = field("hibernate_after"_a)) {
        const auto after = read_hibernation(*given);
        if (!after) return after.error();
        f.hibernate_after = *after;
    }
    return f;
}

checked<supervisor_flags> read_flags(const term& flags) {
    if (flags.is(kind::map)) return read_flag_map(flags);
    if (!flags.is_tuple(3)) return wrong("invalid_type"_a, flags);
    const auto part = [&](std::size_t i) { return flags.share(flags.tuple()[i]); };
    return read_flag_map(map("strategy"_a, part(0), "intensity"_a, part(1), "period"_a, part(2)));
}

// -- children

template <class Specs>
checked<std::vector<shared_kind>> check_all(const Specs& specs, mode_to_check mode) {
    std::unordered_set<term> ids;
    std::vector<shared_kind> kinds;
    for (const auto& spec : specs) {
        auto one = check_spec(spec, mode);
        if (!one) return one.error();
        if (!ids.insert(one->id).second) return wrong("duplicate_child_name"_a, one->id);
        kinds.push_back(std::make_shared<const child_kind>(*std::move(one)));
    }
    return {boost::system::in_place_value, std::move(kinds)};
}

}  // namespace

std::optional<term> wrong_limits(std::int64_t intensity, std::chrono::seconds period) {
    if (intensity < 0) return term(tuple("invalid_intensity"_a, intensity));
    if (period.count() <= 0) return term(tuple("invalid_period"_a, period.count()));
    return std::nullopt;
}

// -- sources

init_answer class_source::ask() {
    if (!asked_) asked_ = std::exchange(make_, nullptr)();
    return answer_of(asked_->init());
}

init_answer function_source::ask() {
    return answer_of(init_());
}

init_answer exported_source::ask() {
    const std::vector<term> arguments{argument_};
    const auto init = this_system().exports().find(module_, "init"_a, arguments.size());
    if (!init) no_such_start_function(module_, "init"_a, arguments);
    term said = (*init)(arguments);
    if (said.is_atom(atoms::known<"ignore">)) return {init_answer::ignored{}};
    const bool ok = said.is_tagged(atoms::known<"ok">, 2) && said.tuple()[1].is_tuple(2);
    if (!ok) return {init_answer::nonsense{std::move(said)}};
    const auto both = said.tuple()[1].tuple();
    return {init_answer::as_terms{said.share(both[0]), said.share(both[1])}};
}

// -- what they have said

checked<supervisor_flags> flags_of(const init_answer& answer) {
    if (const auto* const terms = std::get_if<init_answer::as_terms>(&answer.what))
        return read_flags(terms->flags);
    const supervisor_flags& flags = std::get<supervisor::setup>(answer.what).flags;
    if (auto bad = check_flags(flags)) return *bad;
    return flags;
}

checked<std::vector<shared_kind>> kinds_of(const init_answer& answer, mode_to_check mode) {
    const auto* const terms = std::get_if<init_answer::as_terms>(&answer.what);
    if (terms == nullptr) return check_all(std::get<supervisor::setup>(answer.what).children, mode);
    const auto specs = elements_of(terms->children);
    if (!specs)
        rakka::exit(tuple(atoms::known<"function_clause">,
                          list(tuple("supervisor"_a, "check_startspec"_a, 4, list()))));
    return check_all(*specs, mode);
}

bool has_one_spec(const init_answer& answer) {
    const auto* const terms = std::get_if<init_answer::as_terms>(&answer.what);
    if (terms == nullptr) return std::get<supervisor::setup>(answer.what).children.size() == 1;
    const auto specs = elements_of(terms->children);
    return specs && specs->size() == 1;
}

term specs_as_given(const init_answer& answer) {
    if (const auto* const terms = std::get_if<init_answer::as_terms>(&answer.what)) return terms->children;
    std::vector<term> given;
    for (const child_spec& spec : std::get<supervisor::setup>(answer.what).children)
        if (const auto one = check_spec(spec, std::nullopt)) given.push_back(to_spec(*one));
    return given;
}

term as_checked_specs(const std::vector<shared_kind>& kinds) {
    std::vector<term> ids;
    std::unordered_map<term, term> records;
    for (const shared_kind& one : kinds) {
        ids.push_back(one->id);
        records.emplace(one->id, to_record(*one, atoms::known<"undefined">));
    }
    return tuple(atoms::known<"ok">, tuple(ids, records));
}

}  // namespace rakka::detail
