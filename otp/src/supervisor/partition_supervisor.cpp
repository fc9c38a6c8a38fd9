#include "supervisor/partition_table.hpp"
#include "supervisor/supervisor_calls.hpp"
#include "supervisor/supervisor_process.hpp"

#include <rakka/actors/exports.hpp>
#include <rakka/actors/inspection.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/otp/partition_supervisor.hpp>

#include <string_view>
#include <utility>

namespace rakka {
namespace {

using detail::partition_tables;
using detail::shared_partitions;

const atom own_module = "Elixir.PartitionSupervisor"_a;

/// Exits when nobody has the name, as Elixir's function of this name does.
shared_partitions table_of(const term& name) {
    if (auto found = detail::attached<partition_tables>(this_system())->find(name)) return found;
    exit(tuple(atoms::known<"noproc">, tuple(own_module, "partitions"_a, list(name))));
}

pid process_behind(const term& name, const term& key) {
    const auto found = table_of(name)->process_for(key);
    if (!found) error(atoms::known<"badarg">);
    return *found;
}

server_ref ref_of(const server_name& name) {
    if (const registry_name* const kept = name.kept()) return *kept;
    if (!name.local()) error(atoms::known<"badarg">);
    return name.local();
}

/// A name as it comes from a peer: an atom, `{global, Name}`, `{via, Module, Name}`.
server_name read_name(const term& t) {
    if (const auto local = t.as<atom>()) return *local;
    const auto part = [&](std::size_t i) { return t.share(t.tuple()[i]); };
    if (t.is_tagged("global"_a, 2)) return global_name(part(1));
    const auto module = t.is_tagged("via"_a, 3) ? part(1).as<atom>() : result<atom>(etf::errc::wrong_type);
    if (!module) error(atoms::known<"badarg">);
    return via(*module, part(2));
}

[[noreturn]] void raise_runtime_error(std::string_view text) {
    error(map(atoms::known<"__struct__">, "Elixir.RuntimeError"_a, atoms::known<"__exception__">,
              atoms::known<"true">, "message"_a, text));
}

// -- the process

/// The specifications, and the table, which is there as long as the supervisor is.
class partitions_source final : public detail::init_source {
public:
    partitions_source(rakka::system& s, term name, shared_partitions table, supervisor::setup all)
        : tables_(detail::attached<partition_tables>(s)),
          name_(std::move(name)),
          table_(std::move(table)),
          all_(std::move(all)) {}
    ~partitions_source() override { tables_->remove(name_, table_); }
    partitions_source(const partitions_source&) = delete;
    partitions_source& operator=(const partitions_source&) = delete;

    detail::init_answer ask() override {
        tables_->add(name_, table_);  // the name is the supervisor's by now
        return {all_};
    }

private:
    std::shared_ptr<partition_tables> tables_;
    term name_;
    shared_partitions table_;
    supervisor::setup all_;
};

class partitions_process final : public detail::supervisor_process {
public:
    partitions_process(std::unique_ptr<detail::init_source> source, const server_name& name,
                       std::optional<milliseconds> idle, shared_partitions table)
        : supervisor_process(std::move(source), own_module, name, idle), table_(std::move(table)) {}

    /// `{resize, N}` besides all that a supervisor is asked: `{ok, Before}` or `{error, Reason}`.
    result handle_call(const term& request, const from& sender) override {
        if (!request.is_tagged("resize"_a, 2)) return supervisor_process::handle_call(request, sender);
        const auto wanted = request.tuple()[1].as<std::size_t>();
        if (!wanted || *wanted > table_->most())
            return until_idle(reply(tuple(atoms::known<"error">, atoms::known<"badarg">)));
        return until_idle(reply(resize(*wanted)));
    }

private:
    term resize(std::size_t wanted) {
        const std::size_t before = table_->partitions();
        for (std::size_t n = before; n < wanted; ++n) {
            const auto refused = carry_out("restart_child"_a, n);
            // One may run already: since a step before that has failed, or by one_for_all.
            if (refused && !refused->tuple()[1].is_atom("running"_a)) return *refused;
        }
        table_->set_partitions(wanted);  // before those are stopped that no key may lead to any more
        for (std::size_t n = wanted; n < before; ++n)
            if (const auto refused = carry_out("terminate_child"_a, n)) return *refused;
        return tuple(atoms::known<"ok">, before);
    }
    std::optional<term> carry_out(atom what, std::size_t partition) {
        const auto answer = engine()->answer(tuple(what, partition));
        return answer && answer->is_tagged(atoms::known<"error">, 2) ? answer : std::nullopt;
    }

    shared_partitions table_;
};

/// The child of one partition, which says in the table who it is.
child_spec with_table(child_spec spec, std::size_t partition, const shared_partitions& table) {
    const child_start own = spec.start;
    const term shown = list(own.module(), own.function(), own.arguments(), partition);
    if (!spec.modules.has_value()) spec.modules = list(own.module());
    spec.id = partition;
    spec.start = child_start(mfargs{own_module, "start_child"_a, shown},
                             [own, partition, table](const std::vector<term>&) {
                                 start_answer answer = detail::apply_start(own);
                                 if (answer.child()) table->set_process(partition, *answer.child());
                                 return answer;
                             });
    return spec;
}

// -- for others

/// What `{via, 'Elixir.PartitionSupervisor', _}` and peers need.
void export_functions(rakka::system& s) {
    export_table& exports = s.exports();
    if (exports.find(own_module, "whereis_name"_a, 1)) return;
    const auto behind = [](const term& name_and_key) {
        if (!name_and_key.is_tuple(2)) error(atoms::known<"function_clause">);
        const auto part = [&](std::size_t i) { return name_and_key.share(name_and_key.tuple()[i]); };
        return process_behind(part(0), part(1));
    };
    exports.add(own_module, "send"_a, [behind](const term& name_and_key, const term& message) {
        send(behind(name_and_key), message);
        return message;
    });
    exports.add(own_module, "register_name"_a, [](const term&, const term&) -> term {
        raise_runtime_error("{:via, PartitionSupervisor, _} cannot be given on registration");
    });
    exports.add(own_module, "unregister_name"_a, [](const term&) -> term {
        raise_runtime_error("{:via, PartitionSupervisor, _} cannot be given on unregistration");
    });
    exports.add(own_module, "partitions"_a, [](const term& name) { return table_of(name)->partitions(); });
    exports.add(own_module, "resize!"_a, [](const term& name, std::size_t partitions) {
        return partition_supervisor::resize(read_name(name), partitions).value();
    });
    exports.add(own_module, "which_children"_a, [](const term& name) {
        return detail::call_supervisor(ref_of(read_name(name)), "which_children"_a);
    });
    exports.add(own_module, "count_children"_a, [](const term& name) {
        const child_counts n = supervisor::count_children(ref_of(read_name(name)));
        return map("specs"_a, n.specs, "active"_a, n.active, "supervisors"_a, n.supervisors, "workers"_a,
                   n.workers);
    });
    exports.add(own_module, "whereis_name"_a, behind);  // the last: it says that all are there
}

}  // namespace

start_result<pid> partition_supervisor::start_each(const child_for& child, start_options options,
                                                   const partition_supervisor_options& how) {
    const std::size_t count = how.partitions.value_or(statistics_of(this_system()).workers);
    if (!options.name.has_value() || count == 0) return start_error::because(atoms::known<"badarg">);
    const auto table = std::make_shared<detail::partition_table>(count);
    supervisor::setup all{
        {.strategy = how.strategy, .intensity = how.max_restarts, .period = how.max_seconds}, {}};
    for (std::size_t n = 0; n < count; ++n)
        all.children.push_back(with_table(child(n), n, table));
    export_functions(this_system());
    auto source =
        std::make_unique<partitions_source>(this_system(), options.name.to_term(), table, std::move(all));
    const server_name name = options.name;
    const auto idle = options.hibernate_after;
    return gen_server::start_link<partitions_process>(
        std::move(options), std::unique_ptr<detail::init_source>(std::move(source)), name, idle, table);
}

start_result<pid> partition_supervisor::start_link(const child_spec& child, start_options options,
                                                   partition_supervisor_options how) {
    return start_each([&child](std::size_t) { return child; }, std::move(options), how);
}

registry_name partition_supervisor::name_of(const server_name& name, term key) {
    return via(own_module, tuple(name.to_term(), std::move(key)));
}

pid partition_supervisor::whereis(const server_name& name, const term& key) {
    return process_behind(name.to_term(), key);
}

std::size_t partition_supervisor::partitions(const server_name& name) {
    return table_of(name.to_term())->partitions();
}

start_result<std::size_t> partition_supervisor::resize(const server_name& name, std::size_t partitions) {
    static_cast<void>(table_of(name.to_term()));  // another supervisor would not know the request
    const term answer = detail::call_supervisor(ref_of(name), tuple("resize"_a, partitions));
    if (answer.is_tagged(atoms::known<"ok">, 2)) return answer.tuple()[1].as<std::size_t>().value();
    return start_error::because(answer.share(answer.tuple()[1]));
}

std::vector<child_info> partition_supervisor::which_children(const server_name& name) {
    return supervisor::which_children(ref_of(name));
}

child_counts partition_supervisor::count_children(const server_name& name) {
    return supervisor::count_children(ref_of(name));
}

}  // namespace rakka
