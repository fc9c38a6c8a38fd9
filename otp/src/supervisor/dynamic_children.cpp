#include "supervisor/dynamic_children.hpp"

#include "supervisor/child_stop.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/native.hpp>

#include <utility>

namespace rakka::detail {
namespace {

/// As Elixir's supervisor keeps a child: without the arguments of one that never comes again.
term as_elixir(const child_pool::entry& e) {
    const term arguments = e.kind->temporary()       ? term(atoms::known<"undefined">)
                           : e.arguments.has_value() ? e.arguments
                                                     : term(list());
    return tuple(tuple(e.kind->module, e.kind->function, arguments), to_atom(e.kind->restart),
                 to_term(e.kind->shutdown), to_atom(e.kind->type), e.kind->modules);
}

term failed(const term& reason) {
    return tuple(atoms::known<"error">, reason);
}

}  // namespace

dynamic_children::dynamic_children(term name, dynamic_supervisor_options options)
    : pooled_children(std::move(name), restart_intensity(options.max_restarts, options.max_seconds),
                      thrown::plain_reasons),
      options_(std::move(options)) {}

void dynamic_children::change(dynamic_supervisor_options options) {
    set_limits(options.max_restarts, options.max_seconds);
    options_ = std::move(options);
}

std::vector<term> dynamic_children::arguments_for(const term& own) const {
    std::vector<term> all = options_.extra_arguments;
    if (!own.has_value()) return all;
    const auto more = elements_of(own).value_or(std::vector<term>());
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

term dynamic_children::offender_of(const child_pool::entry& e, const term& child) const {
    if (e.kind->temporary()) return dynamic_offender(*e.kind, child, atoms::known<"undefined">);
    return dynamic_offender(*e.kind, child, arguments_for(e.arguments));
}

void dynamic_children::try_again_later(const pid& last) const {
    send(self(), tuple("$gen_restart"_a, last));
}

void dynamic_children::report_stops(const std::vector<failed_stop>& failed) const {
    for (const failed_stop& f : failed)
        report_error(name(), report_context::shutdown_error, f.reason,
                     offender_of(*children().find(f.who.child), f.who.child));
}

std::optional<term> dynamic_children::answer(const term& request) {
    if (request.is_atom("which_children"_a)) return which_children();
    if (request.is_atom("count_children"_a)) return count_children();
    if (!request.is_tuple(2)) return std::nullopt;
    const term about = request.share(request.tuple()[1]);
    if (request.is_tagged("start_child"_a, 2)) return start_child(about);
    if (request.is_tagged("terminate_child"_a, 2)) return terminate_child(about);
    return std::nullopt;
}

term dynamic_children::start_child(const term& spec) {
    if (children().size() >= options_.max_children) return failed("max_children"_a);
    const auto* const start = native_cast<dynamic_start>(spec.view());
    return start != nullptr ? start_native(*start) : start_named(spec);
}

term dynamic_children::start_native(const dynamic_start& start) {
    shared_kind kind = start.once ? nullptr : native_.find(start.spec);
    if (!kind) {
        child_spec spec = *start.spec;
        if (!spec.id.has_value()) spec.id = atoms::known<"undefined">;
        auto checked = check_spec(spec, auto_shutdown_mode::never);
        if (!checked) return failed(checked.error().reason);
        kind = std::make_shared<const child_kind>(*std::move(checked));
        if (!start.once) native_.insert(start.spec, kind);
    }
    return start_one(kind, start.arguments.empty() ? term() : term(start.arguments)).to_term();
}

term dynamic_children::start_named(const term& spec) {
    auto checked = check_dynamic_spec(spec);
    if (!checked) return failed(checked.error().reason);
    child_kind& found = *checked;
    const term arguments = std::exchange(found.arguments, term(list()));
    // A C++ function has no name of its own: others under the same one may have another function.
    const bool nameless = static_cast<bool>(found.call);
    const term key = tuple(found.module, found.function, to_atom(found.restart), to_term(found.shutdown),
                           to_atom(found.type), found.modules);
    shared_kind kind = nameless ? nullptr : named_.find(key);
    if (!kind) {
        // Of its own memory: the message has the arguments of this child.
        const term own = term::copy(key);
        const auto part = [&](std::size_t i) { return own.share(own.tuple()[i]); };
        found.id = atoms::known<"undefined">;
        found.module = part(0);
        found.function = part(1);
        found.modules = part(5);
        kind = std::make_shared<const child_kind>(std::move(found));
        if (!nameless) named_.insert(own, kind);
    }
    return start_one(kind, arguments.is(rakka::kind::nil) ? term() : to_keep(arguments)).to_term();
}

term dynamic_children::terminate_child(const term& id) {
    const auto child = id.as<pid>();
    const child_pool::entry* const e = child ? children().find(*child) : nullptr;
    if (e == nullptr) return failed("not_found"_a);
    stop_one(*child, *shared_kind(e->kind));
    return atoms::known<"ok">;
}

term dynamic_children::count_children() const {
    const std::size_t all = children().size();
    return list(tuple("specs"_a, all), tuple("active"_a, all - children().restarting()),
                tuple("supervisors"_a, children().supervisors()),
                tuple("workers"_a, all - children().supervisors()));
}

term dynamic_children::as_term() const {
    std::unordered_map<term, term> all;
    for (const auto& [child, e] : children().all()) {
        const term kept = as_elixir(e);
        all.emplace(term(child), children().is_restarting(child) ? term(tuple("restarting"_a, kept)) : kept);
    }
    return all;
}

}  // namespace rakka::detail
