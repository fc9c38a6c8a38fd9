#include "supervisor/child_stop.hpp"
#include "supervisor/pooled_children.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/otp/gen_server.hpp>

#include <unordered_map>
#include <utility>

namespace rakka::detail {
namespace {

term refused(atom why) {
    return tuple(atoms::known<"error">, why);
}

}  // namespace

simple_children::simple_children(term name, const supervisor_flags& flags, shared_kind kind)
    : pooled_children(std::move(name), restart_intensity(flags.intensity, flags.period),
                      thrown::as_catch_has_it),
      kind_(std::move(kind)) {}

void simple_children::change(const supervisor_flags& flags, shared_kind kind) {
    set_limits(flags.intensity, flags.period);
    // Children of one kind still share one: there are few kinds, one for each change while they lived.
    std::unordered_map<const child_kind*, shared_kind> successors;
    children().replace_kinds([&](const shared_kind& old) {
        shared_kind& successor = successors[old.get()];
        if (!successor) {
            child_kind next = *kind;
            next.arguments = old->arguments;
            if (old->temporary()) next.restart = restart_type::temporary;
            successor = std::make_shared<const child_kind>(std::move(next));
        }
        return successor;
    });
    kind_ = std::move(kind);
}

std::vector<term> simple_children::arguments_for(const term& own) const {
    return own.has_value() ? elements_of(own).value_or(std::vector<term>()) : std::vector<term>();
}

term simple_children::offender_of(const child_pool::entry& e, const term& child) const {
    if (e.kind->temporary()) return offender(*e.kind, child, atoms::known<"undefined">);
    if (!e.arguments.has_value()) return offender(*e.kind, child);
    std::vector<term> all = elements_of(e.kind->arguments).value_or(std::vector<term>());
    const auto own = arguments_for(e.arguments);
    all.insert(all.end(), own.begin(), own.end());
    return offender(*e.kind, child, all);
}

void simple_children::try_again_later(const pid& last) const {
    gen_server::cast(self(), tuple("try_again_restart"_a, last));
}

void simple_children::report_stops(const std::vector<failed_stop>& failed) const {
    std::unordered_map<term, std::size_t> by_reason;
    for (const failed_stop& f : failed)
        ++by_reason[f.reason];
    for (const auto& [reason, count] : by_reason)
        report_error(name(), report_context::shutdown_error, reason, offenders(*kind_, count));
}

// -- calls
// ----------------------------------------------------------------------------------------------------------------

std::optional<term> simple_children::answer(const term& request) {
    if (request.is_atom("which_children"_a)) return which_children();
    if (request.is_atom("count_children"_a)) return count_children();
    if (!request.is_tuple(2)) return std::nullopt;
    const term_view what = request.tuple()[0];
    const term about = request.share(request.tuple()[1]);
    if (what.is_atom("start_child"_a)) return start_child(about);
    if (what.is_atom("terminate_child"_a)) return terminate_child(about);
    if (what.is_atom("restart_child"_a) || what.is_atom("delete_child"_a))
        return refused("simple_one_for_one"_a);
    return about_child(request, about);
}

/// Children that are started alike, one after the other, share their arguments.
term simple_children::kept(const term& arguments) const {
    const auto all = children().all();
    if (!all.empty() && all.back().value.arguments == arguments) return all.back().value.arguments;
    return to_keep(arguments);
}

term simple_children::start_child(const term& arguments) {
    // Erlang's appends whatever it is given, and fails for what is no list.
    if (!elements_of(arguments))
        return tuple(atoms::known<"error">,
                     tuple(atoms::known<"EXIT">, tuple(atoms::known<"badarg">, list())));
    const bool none = arguments.is(kind::nil);
    return reply_for(start_one(kind_, none ? term() : kept(arguments)));
}

/// Whether `child` is a process of this system that has ended: Erlang's supervisor takes that for one of its
/// own that has just been forgotten.
bool simple_children::is_gone(const pid& child) const {
    return child.is_local() && !is_alive(child);
}

term simple_children::terminate_child(const term& id) {
    const auto child = id.as<pid>();
    if (!child) return refused("simple_one_for_one"_a);
    const child_pool::entry* const e = children().find(*child);
    if (e == nullptr) return is_gone(*child) ? term(atoms::known<"ok">) : refused("not_found"_a);
    stop_one(*child, *shared_kind(e->kind));
    return atoms::known<"ok">;
}

std::optional<term> simple_children::about_child(const term& request, const term& id) const {
    const term_view what = request.tuple()[0];
    const bool spec = what.is_atom("get_childspec"_a);
    if (!spec && !what.is_atom("which_child"_a)) return std::nullopt;
    const auto child = id.as<pid>();
    const bool known = child && children().find(*child) != nullptr;
    if (spec) {
        const bool found = child ? known || is_gone(*child) : id == kind_->id;
        return found ? term(tuple(atoms::known<"ok">, to_spec(*kind_))) : refused("not_found"_a);
    }
    if (!child) return refused("simple_one_for_one"_a);
    if (!known) return refused("not_found"_a);
    const term process = children().is_restarting(*child) ? term("restarting"_a) : id;
    return tuple(atoms::known<"ok">,
                 tuple(atoms::known<"undefined">, process, to_atom(kind_->type), kind_->modules));
}

term simple_children::count_children() const {
    const std::size_t all = children().size();
    const bool supervises = kind_->type == child_type::supervisor;
    return list(tuple("specs"_a, 1), tuple("active"_a, all - children().restarting()),
                tuple("supervisors"_a, supervises ? all : 0), tuple("workers"_a, supervises ? 0 : all));
}

term simple_children::as_term() const {
    std::unordered_map<term, term> all;
    for (const auto& [child, e] : children().all()) {
        const term key = children().is_restarting(child) ? detail::restarting(child) : term(child);
        all.emplace(key, e.arguments.has_value() ? e.arguments : term(list()));
    }
    return tuple(kind_->temporary() ? "mapsets"_a : "maps"_a, all);
}

}  // namespace rakka::detail
