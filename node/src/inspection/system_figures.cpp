#include "inspection/system_figures.hpp"

#include "connection/node_core.hpp"
#include "inspection/machine.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/inspection.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

constexpr std::size_t wordsize = sizeof(void*);

term text(const std::string& s) {
    return charlist(s);
}

std::uint64_t milliseconds(std::chrono::nanoseconds t) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(t).count());
}

/// A number of processors that the operating system does not tell is `unknown`.
term processors(std::optional<unsigned> n) {
    return n ? term(*n) : term("unknown"_a);
}

std::string system_version(const system_statistics& s) {
    return fmt::format("Rakka {} [{}-bit] [smp:{}:{}] [async-threads:{}]\n", RAKKA_VERSION, wordsize * 8,
                       s.workers, s.workers, s.max_blocking_threads);
}

using figure = term (*)(node_core&);
using figures = std::map<std::string_view, figure>;

system_statistics look(node_core& c) {
    return statistics_of(c.sys);
}

/// What is so of this node, and of the machine it runs on.
const figures& own_figures() {
    static const figures all{
        {"atom_count", [](node_core&) { return term(atom::count()); }},
        {"atom_limit", [](node_core&) { return term(atom::max_atoms); }},
        {"compat_rel", [](node_core&) { return term(newest_otp_release); }},
        {"creation", [](node_core& c) { return term(c.own_creation().value()); }},
        {"dist_buf_busy_limit", [](node_core& c) { return term(c.options.dist_buf_busy_limit); }},
        {"kernel_poll", [](node_core&) { return term(true); }},
        {"logical_processors", [](node_core&) { return processors(machine::processors()); }},
        {"logical_processors_available", [](node_core&) { return processors(machine::usable_processors()); }},
        {"logical_processors_online", [](node_core&) { return processors(machine::online_processors()); }},
        {"machine", [](node_core&) { return text("Rakka"); }},
        {"message_queue_data", [](node_core&) { return term("off_heap"_a); }},
        {"multi_scheduling", [](node_core&) { return term("enabled"_a); }},
        {"otp_release", [](node_core&) { return text(std::to_string(newest_otp_release)); }},
        {"process_count", [](node_core& c) { return term(c.sys.process_count()); }},
        {"process_limit", [](node_core& c) { return term(look(c).max_processes); }},
        {"schedulers", [](node_core& c) { return term(look(c).workers); }},
        {"schedulers_online", [](node_core& c) { return term(look(c).workers); }},
        {"smp_support", [](node_core&) { return term(true); }},
        {"system_architecture", [](node_core&) { return text(machine::architecture()); }},
        {"system_version", [](node_core& c) { return text(system_version(look(c))); }},
        {"thread_pool_size", [](node_core& c) { return term(look(c).max_blocking_threads); }},
        {"threads", [](node_core&) { return term(true); }},
        {"version", [](node_core&) { return text(RAKKA_VERSION); }},
        {"wordsize", [](node_core&) { return term(wordsize); }},
    };
    return all;
}

term zero(node_core&) {
    return 0;
}
term none(node_core&) {
    return list();
}
term no(node_core&) {
    return atoms::known<"false">;
}
term undefined(node_core&) {
    return atoms::known<"undefined">;
}
/// Tools divide by the limits of what there is nothing of.
term one(node_core&) {
    return 1;
}

/// What only a BEAM has.
const figures& foreign_figures() {
    static const figures all{
        {"alloc_util_allocators", none},
        {"allocated_areas", none},
        {"async_dist", no},
        {"cpu_topology", undefined},
        {"debug_compiled", no},
        {"dirty_cpu_schedulers", zero},
        {"dirty_cpu_schedulers_online", zero},
        {"dirty_io_schedulers", zero},
        {"dynamic_trace", [](node_core&) { return term("none"_a); }},
        {"dynamic_trace_probes", no},
        {"ets_count", zero},
        {"ets_limit", one},
        {"fullsweep_after", [](node_core&) { return term(tuple("fullsweep_after"_a, 0)); }},
        {"heap_sizes", none},
        {"min_bin_vheap_size", [](node_core&) { return term(tuple("min_bin_vheap_size"_a, 0)); }},
        {"min_heap_size", [](node_core&) { return term(tuple("min_heap_size"_a, 0)); }},
        {"modified_timing_level", undefined},
        {"multi_scheduling_blockers", none},
        {"normal_multi_scheduling_blockers", none},
        {"port_count", zero},
        {"port_limit", one},
        {"port_parallelism", no},
        {"scheduler_bind_type", [](node_core&) { return term("unbound"_a); }},
        {"time_correction", [](node_core&) { return term(true); }},
        {"time_offset", [](node_core&) { return term("final"_a); }},
        {"time_warp_mode", [](node_core&) { return term("no_time_warp"_a); }},
        {"tolerant_timeofday", [](node_core&) { return term("enabled"_a); }},
        {"trace_control_word", zero},
    };
    return all;
}

std::optional<term> info_of_pair(term_view key) {
    const auto parts = key.tuple();
    if (parts[0].is_atom("wordsize"_a) && (parts[1].is_atom("internal"_a) || parts[1].is_atom("external"_a)))
        return term(wordsize);
    // No allocator of this program answers.
    if (parts[0].is_atom("allocator_sizes"_a)) return term(list());
    if (parts[0].is_atom("allocator"_a)) return term(atoms::known<"false">);
    return std::nullopt;
}

std::uint64_t reductions_of_the_living() {
    std::uint64_t sum = 0;
    for (const pid& p : processes())
        if (const auto i = process_info(p)) sum += i->reductions;
    return sum;
}

term total_and_since(since_last& last, since_last::figure which, std::uint64_t total) {
    return tuple(total, last.ask(which, total));
}

std::uint64_t bytes_of_atoms() {
    std::uint64_t bytes = 0;
    const auto count = static_cast<std::uint32_t>(atom::count());
    for (std::uint32_t id = 1; id <= count; ++id)
        bytes += atom::from_id(id).text().size();
    return bytes;
}

std::vector<std::pair<atom, std::uint64_t>> memory_figures(node_core& core) {
    const machine::program_memory m = machine::memory();
    const std::uint64_t of_processes = std::min<std::uint64_t>(look(core).process_memory, m.resident);
    const std::uint64_t of_atoms = bytes_of_atoms();
    return {
        {"total"_a, m.resident},
        {"processes"_a, of_processes},
        {"processes_used"_a, of_processes},
        {atoms::known<"system">, m.resident - of_processes},
        {"atom"_a, of_atoms},
        {"atom_used"_a, of_atoms},
        {"binary"_a, 0},
        {"code"_a, m.code},
        {"ets"_a, 0},
    };
}

term with_run_queues(const system_statistics& s, bool sum) {
    if (!sum) return term(s.run_queues);
    return term(std::accumulate(s.run_queues.begin(), s.run_queues.end(), std::size_t{0}));
}

}  // namespace

std::uint64_t since_last::ask(figure which, std::uint64_t now) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t before = std::exchange(last_[which], now);
    return now > before ? now - before : 0;
}

std::optional<term> system_info_of(node_core& core, term_view key) {
    if (key.is_tuple(2)) return info_of_pair(key);
    if (!key.is(kind::atom)) return std::nullopt;
    const std::string_view name = key.atom_text();
    for (const figures* const all : {&own_figures(), &foreign_figures()})
        if (const auto at = all->find(name); at != all->end()) return at->second(core);
    return std::nullopt;
}

std::optional<term> statistics_figure(node_core& core, since_last& last, term_view key) {
    if (!key.is(kind::atom)) return std::nullopt;
    const std::string_view name = key.atom_text();
    if (name == "io") return io_figures(core);
    if (name == "wall_clock")
        return total_and_since(last, since_last::wall_clock, milliseconds(look(core).uptime));
    if (name == "runtime")
        return total_and_since(last, since_last::runtime, milliseconds(machine::processor_time()));
    if (name == "reductions")
        return total_and_since(last, since_last::reductions, reductions_of_the_living());
    if (name == "exact_reductions")
        return total_and_since(last, since_last::exact_reductions, reductions_of_the_living());
    if (name == "context_switches") return term(tuple(look(core).slices, 0));
    if (name == "garbage_collection") return term(tuple(0, 0, 0));
    if (name == "run_queue") return term(run_queue_length(core));
    if (name == "run_queue_lengths" || name == "run_queue_lengths_all")
        return with_run_queues(look(core), false);
    if (name == "total_run_queue_lengths" || name == "total_run_queue_lengths_all")
        return with_run_queues(look(core), true);
    if (name == "scheduler_wall_time" || name == "scheduler_wall_time_all") return scheduler_wall_time(core);
    if (name == "microstate_accounting") return term(atoms::known<"undefined">);
    return std::nullopt;
}

term memory_list(node_core& core) {
    std::vector<term> all;
    for (const auto& [kind_of_memory, bytes] : memory_figures(core))
        all.emplace_back(tuple(kind_of_memory, bytes));
    return to_list(all);
}

std::optional<std::uint64_t> memory_of(node_core& core, term_view kind_of_memory) {
    for (const auto& [name, bytes] : memory_figures(core))
        if (kind_of_memory.is_atom(name)) return bytes;
    return std::nullopt;
}

term io_figures(node_core& core) {
    const traffic t = core.connections.total_traffic();
    return tuple(tuple("input"_a, t.bytes_in), tuple("output"_a, t.bytes_out));
}

term scheduler_wall_time(node_core& core) {
    const system_statistics s = look(core);
    if (!s.worker_times) return atoms::known<"undefined">;
    std::vector<term> all;
    std::size_t id = 0;
    for (const auto& busy : *s.worker_times)
        all.emplace_back(tuple(++id, busy.count(), std::max(busy, s.uptime).count()));
    return to_list(all);
}

std::uint64_t run_queue_length(node_core& core) {
    const auto queues = look(core).run_queues;
    return std::accumulate(queues.begin(), queues.end(), std::uint64_t{0});
}

term timestamp_now() {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
    constexpr std::int64_t million = 1'000'000;
    return tuple(us / million / million, us / million % million, us % million);
}

}  // namespace rakka::detail
