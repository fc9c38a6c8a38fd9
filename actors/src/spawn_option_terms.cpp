#include <rakka/actors/spawn_option_terms.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/traits.hpp>

#include <vector>

namespace rakka {

namespace {

/// A non-negative integer of any size.
bool is_size(term_view t) {
    return t.is(kind::integer) && compare(t, term(0).view()) >= 0;
}

bool read_priority(term_view p, process_priority& out) {
    if (p.is_atom("low"_a))
        out = process_priority::low;
    else if (p.is_atom("normal"_a))
        out = process_priority::normal;
    else if (p.is_atom("high"_a))
        out = process_priority::high;
    else if (p.is_atom("max"_a))
        out = process_priority::max;
    else
        return false;
    return true;
}

bool read_alias(term_view mode, monitor_alias& out) {
    if (mode.is_atom("explicit_unalias"_a))
        out = monitor_alias::explicit_unalias;
    else if (mode.is_atom("demonitor"_a))
        out = monitor_alias::demonitor;
    else if (mode.is_atom("reply_demonitor"_a))
        out = monitor_alias::reply_demonitor;
    else
        return false;
    return true;
}

/// Calls read(option) for each of a proper list until one is wrong. False then, or for another term.
template <class Read>
bool read_each(term_view options, Read read) {
    if (options.is(kind::nil)) return true;
    if (!options.is(kind::list) || !options.list().proper()) return false;
    for (const term_view o : options.list())
        if (!read(o)) return false;
    return true;
}

bool read_link_options(term_view options, bool& priority) {
    return read_each(options, [&](term_view o) {
        if (!o.is_atom(atoms::known<"priority">)) return false;
        priority = true;
        return true;
    });
}

bool read_monitor_options(const term& all, term_view options, monitor_options& out) {
    out = {};
    return read_each(options, [&](term_view o) {
        if (o.is_tagged("alias"_a, 2)) return read_alias(o.tuple()[1], out.alias);
        if (o.is_tagged("tag"_a, 2)) {
            out.tag = all.share(o.tuple()[1]);
            return true;
        }
        out.priority = out.priority || o.is_atom(atoms::known<"priority">);
        return o.is_atom(atoms::known<"priority">);
    });
}

bool is_tuning(term_view o) {
    if (!o.is_tuple(2)) return false;
    const term_view name = o.tuple()[0];
    const term_view value = o.tuple()[1];
    const auto is_one_of = [&](auto... names) { return (name.is_atom(names) || ...); };
    if (is_one_of("min_heap_size"_a, "min_bin_vheap_size"_a, "fullsweep_after"_a, "scheduler"_a))
        return is_size(value);
    if (is_one_of("max_heap_size"_a)) return is_size(value) || value.is(kind::map);
    if (is_one_of("message_queue_data"_a)) return value.is_atom("on_heap"_a) || value.is_atom("off_heap"_a);
    if (is_one_of("async_dist"_a)) return value.as<bool>().has_value();
    return false;
}

}  // namespace

std::optional<spawn_wishes> read_spawn_options(const term& options) {
    spawn_wishes out;
    const bool good = read_each(options, [&](term_view o) {
        if (o.is_atom(atoms::known<"link">)) return out.link = true;
        if (o.is_tagged(atoms::known<"link">, 2)) {
            out.link = true;
            return read_link_options(o.tuple()[1], out.options.priority_link);
        }
        if (o.is_atom(atoms::known<"monitor">)) {
            out.monitoring = {};
            return out.monitor = true;
        }
        if (o.is_tagged(atoms::known<"monitor">, 2)) {
            out.monitor = true;
            return read_monitor_options(options, o.tuple()[1], out.monitoring);
        }
        if (o.is_tagged(atoms::known<"priority">, 2))
            return read_priority(o.tuple()[1], out.options.priority);
        return is_tuning(o);
    });
    if (!good) return std::nullopt;
    return out;
}

std::optional<parents_wishes> take_parents_wishes(const term& options) {
    parents_wishes out;
    out.rest = options;
    if (!options.is(kind::list) || !options.list().proper()) return out;
    bool taken = false;
    std::vector<term> rest;
    for (const term_view o : options.list()) {
        const bool link = o.is_tagged(atoms::known<"link">, 2);
        const bool monitor = o.is_tagged(atoms::known<"monitor">, 2);
        if (link && !read_link_options(o.tuple()[1], out.priority_link)) return std::nullopt;
        if (monitor && !read_monitor_options(options, o.tuple()[1], out.monitoring)) return std::nullopt;
        if (o.is_atom(atoms::known<"monitor">)) out.monitoring = {};
        taken = taken || link || monitor;
        rest.push_back(link || monitor ? options.share(o.tuple()[0]) : options.share(o));
    }
    if (!taken) return out;
    out.rest = list();
    for (auto o = rest.rbegin(); o != rest.rend(); ++o)
        out.rest = cons(*o, out.rest);
    return out;
}

}  // namespace rakka
