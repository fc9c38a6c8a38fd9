// Functions of module `observer_backend`: what observer and etop call. [protocol §10]
#include "inspection/exporting.hpp"
#include "inspection/inspection.hpp"
#include "inspection/machine.hpp"
#include "inspection/process_items.hpp"
#include "inspection/system_figures.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/inspection.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/print.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <unistd.h>

namespace rakka::detail {
namespace {

/// No answer of observer_backend has more processes in it.
constexpr std::size_t most_at_a_time = 10'000;

destination destination_in(const term& t) {
    auto to = to_destination(t);
    if (!to) bad_argument();
    return *std::move(to);
}

term pair(std::string_view name, const term& value) {
    return tuple(atom(name), value);
}

term sys_info(node_core& core) {
    const auto info = [&](std::string_view key) { return *system_info_of(core, atom(key)); };
    const auto figure = [&](std::string_view name, std::string_view key) { return pair(name, info(key)); };
    const term io = io_figures(core);
    const auto bytes = [&](std::size_t which) { return io.share(io.tuple()[which].tuple()[1]); };
    const auto uptime = std::chrono::duration_cast<std::chrono::milliseconds>(statistics_of(core.sys).uptime);
    std::vector<term> all{
        pair("uptime", uptime.count()),
        pair("run_queue", run_queue_length(core)),
        pair("io_input", bytes(0)),
        pair("io_output", bytes(1)),
        figure("schedulers_available", "schedulers_online"),
        pair("wordsize_internal", info("wordsize")),
        pair("wordsize_external", info("wordsize")),
        pair("alloc_info", list()),
    };
    for (const char* const key : {"logical_processors",
                                  "logical_processors_online",
                                  "logical_processors_available",
                                  "schedulers",
                                  "schedulers_online",
                                  "otp_release",
                                  "version",
                                  "system_architecture",
                                  "kernel_poll",
                                  "smp_support",
                                  "threads",
                                  "thread_pool_size",
                                  "process_count",
                                  "atom_limit",
                                  "atom_count",
                                  "process_limit",
                                  "port_limit",
                                  "port_count",
                                  "ets_limit",
                                  "ets_count",
                                  "dist_buf_busy_limit"})
        all.push_back(figure(key, key));
    for (term& kind_of_memory : elements(memory_list(core)))
        all.push_back(std::move(kind_of_memory));
    return to_list(all);
}

/// A label as observer shows it: text as it is, all else as `~0tp` prints it; in a binary.
term shown_label(const term& label) {
    if (label.is(kind::binary)) return label;
    if (label.is(kind::list)) {
        std::string text;
        bool characters = true;
        for (const term_view c : label.list()) {
            const auto code = c.as<std::uint32_t>();
            characters = characters && code && *code >= 32 && *code < 127;
            if (characters) text += static_cast<char>(*code);
        }
        if (characters) return text;
    }
    return to_string(label, {.charset = print_charset::unicode});
}

/// `#etop_proc_info{}`
term process_record(const pid& p, const process_information& i) {
    const term name = i.registered_name     ? term(i.registered_name)
                      : i.label.has_value() ? shown_label(i.label)
                                            : mfa_of(i.initial_call);
    return tuple("etop_proc_info"_a, p, i.memory, i.reductions, name, 0, mfa_of(i.current_function),
                 i.message_queue_len);
}

/// Gives `take` the records of all processes but the caller, `most` at a time; once at least.
template <class Take>
void collect_processes(std::size_t most, Take take) {
    std::vector<term> records;
    for (const pid& p : processes()) {
        if (p == self()) continue;
        const auto about = process_info(p);
        if (!about) continue;
        records.push_back(process_record(p, *about));
        if (records.size() < most) continue;
        take(records);
        records.clear();
    }
    take(records);
}

term etop_memory(const term& all_memory) {
    std::vector<term> shown;
    for (const atom name : {"total"_a, "processes"_a, "ets"_a, "atom"_a, "code"_a, "binary"_a})
        for (const term& one : elements(all_memory))
            if (one.tuple()[0].is_atom(name)) shown.push_back(one);
    return to_list(shown);
}

/// Sends `{self(), #etop_info{}}`.
term etop_collect(node_core& core, const destination& collector) {
    const term times = scheduler_wall_time(core);
    collect_processes(SIZE_MAX, [&](const std::vector<term>& records) {
        const term info =
            tuple("etop_info"_a, timestamp_now(), records.size(), atoms::known<"undefined">, times,
                  run_queue_length(core), list(), etop_memory(memory_list(core)), to_list(records));
        send(collector, term(tuple(self(), info)));
    });
    return atoms::known<"ok">;
}

/// Sends `{procs_info, self(), [#etop_proc_info{}]}` as often as it takes.
term procs_info(const destination& collector) {
    collect_processes(most_at_a_time, [&](const std::vector<term>& records) {
        send(collector, term(tuple("procs_info"_a, self(), to_list(records))));
    });
    return atoms::known<"ok">;
}

/// Sends figures for observer's charts every so often, until it gets any message.
term fetch_stats(node_core& core, const destination& parent, std::chrono::milliseconds interval) {
    trap_exit(true);
    while (!receive_if([](term_view) { return true; }, interval)) {
        send(parent,
             term(tuple("stats"_a, 1, scheduler_wall_time(core), io_figures(core), memory_list(core))));
    }
    return atoms::known<"ok">;
}

/// There are no tables here: the end of each is near.
term get_table(const pid& parent) {
    return spawn([parent] {
        link(parent);
        send(parent, term(tuple(self(), "$end_of_table"_a)));
    });
}

term get_table_list(const node_core& core, const term& which) {
    if (which.is_atom("ets"_a)) return list();
    if (!which.is_atom("mnesia"_a)) error(atoms::known<"function_clause">);
    const std::string reason = "Mnesia is not running on: " + std::string(core.self().text());
    throw term(tuple(atoms::known<"error">, charlist(reason)));
}

/// The sockets that Erlang code has opened, which is none.
term socket_info() {
    std::vector<term> all{pair("iov_max", term(std::max(sysconf(_SC_IOV_MAX), 0L))), pair("num_monitors", 0)};
    for (const char* const counter :
         {"num_cnt_bits", "num_sockets", "num_tdgrams", "num_tseqpkgs", "num_tstreams", "num_dlocal",
          "num_dinet", "num_dinet6", "num_pip", "num_ptcp", "num_pudp", "num_psctp"})
        all.push_back(pair(counter, term(std::string_view(counter) == "num_cnt_bits" ? 64 : 0)));
    return to_list(all);
}

}  // namespace

void export_observer_functions(const std::shared_ptr<node_core>& core) {
    exporter e(core, "observer_backend");
    e.add("vsn", 0,
          [](node_core&, arguments) { return term(tuple(atoms::known<"ok">, charlist(RAKKA_VERSION))); });
    e.add("sys_info", 0, [](node_core& c, arguments) { return sys_info(c); });
    e.add("etop_collect", 1, [](node_core& c, arguments a) { return etop_collect(c, destination_in(a[0])); });
    e.add("procs_info", 1, [](node_core&, arguments a) { return procs_info(destination_in(a[0])); });
    e.add("fetch_stats", 2, [](node_core& c, arguments a) {
        const auto interval = a[1].as<std::uint32_t>();
        if (!interval) bad_argument();
        return fetch_stats(c, destination_in(a[0]), std::chrono::milliseconds(*interval));
    });
    e.add("get_port_list", 0, [](node_core&, arguments) { return term(list()); });
    e.add("get_socket_list", 0, [](node_core&, arguments) { return term(list()); });
    e.add("socket_info", 0, [](node_core&, arguments) { return socket_info(); });
    e.add("get_table_list", 2, [](node_core& c, arguments a) { return get_table_list(c, a[0]); });
    e.add("get_table", 3, [](node_core&, arguments a) {
        const auto parent = a[0].as<pid>();
        if (!parent) bad_argument();
        return get_table(*parent);
    });
}

}  // namespace rakka::detail
