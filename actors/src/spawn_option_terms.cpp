#include <rakka/actors/spawn_option_terms.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/traits.hpp>

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

std::optional<spawn_wishes> read_spawn_options(term_view options) {
    if (options.is(kind::nil)) return spawn_wishes{};
    if (!options.is(kind::list) || !options.list().proper()) return std::nullopt;
    spawn_wishes out;
    for (const term_view o : options.list()) {
        if (o.is_atom(atoms::known<"link">)) {
            out.link = true;
        } else if (o.is_atom(atoms::known<"monitor">)) {
            out.monitor = true;
        } else if (o.is_tagged(atoms::known<"priority">, 2)) {
            if (!read_priority(o.tuple()[1], out.options.priority)) return std::nullopt;
        } else if (!is_tuning(o)) {
            return std::nullopt;
        }
    }
    return out;
}

}  // namespace rakka
