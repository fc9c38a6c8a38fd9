// partition_supervisor: a supervisor of several children that are alike, and a name for the one that a key
// leads to. For a server that everybody asks, where each caller can do with one of many.
//
//     partition_supervisor::start_link({.start = [] { return dynamic_supervisor::start_link(); },
//                                       .type = child_type::supervisor},
//                                      {.name = "pools"_a}).value();
//     dynamic_supervisor::start_child(partition_supervisor::name_of("pools"_a, self()), kind, {term(42)});
//
// It is a supervisor whose children have the ids 0, 1 … Names are looked up in a shared table, in the caller:
// no message goes anywhere. `{via, 'Elixir.PartitionSupervisor', {Name, Key}}` is the same to a BEAM that
// asks
// `'Elixir.PartitionSupervisor':whereis_name({Name, Key})` of this node with erpc. Elixir:
// PartitionSupervisor.
#pragma once

#include <rakka/otp/supervisor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka {

/// Elixir: the options of PartitionSupervisor.start_link/1, with its defaults.
struct partition_supervisor_options {
    /// At least 1; default: as many as the system has workers.
    std::optional<std::size_t> partitions{};
    restart_strategy strategy = restart_strategy::one_for_one;
    std::int64_t max_restarts = 3;        ///< within max_seconds; see supervisor_flags::intensity
    std::chrono::seconds max_seconds{5};  ///< at least 1
};

/// Names are those of start_link(): a local one, or one that a module keeps.
class partition_supervisor {
public:
    /// Starts one, linked to the caller, and its partitions in their order. `child(n)` gives the
    /// specification of partition `n`, whose id is not looked at; it runs in the caller, once for each.
    /// Errors: `badarg` for options without a name, and for no partitions; those of supervisor::start_link().
    /// Blocks. Owner process. Elixir: start_link/1 with `:with_arguments`.
    template <class Child>
    requires std::is_invocable_r_v<child_spec, const Child&, std::size_t>
    [[nodiscard]] static start_result<pid> start_link(Child child, start_options options,
                                                      partition_supervisor_options how = {}) {
        return start_each(std::move(child), std::move(options), how);
    }
    /// The same specification for all of them.
    [[nodiscard]] static start_result<pid> start_link(const child_spec& child, start_options options,
                                                      partition_supervisor_options how = {});

    /// `{via, 'Elixir.PartitionSupervisor', {Name, Key}}`: to call, cast and send to, not to register. An
    /// integer leads to the partition `abs(Key) rem N`, any other term to one that is the same as long as the
    /// program and the number of partitions are.
    [[nodiscard]] static registry_name name_of(const server_name& name, term key);
    /// Who is behind the name: the process that the partition has, or had when it is being started again. The
    /// caller exits with `{noproc, {'Elixir.PartitionSupervisor', partitions, [Name]}}` when nobody has the
    /// name, and with badarg when there are no partitions or this one has never run. Owner process; does not
    /// block.
    [[nodiscard]] static pid whereis(const server_name& name, const term& key);

    /// How many partitions keys lead to. Exits as whereis() does. Owner process; does not block. Elixir:
    /// partitions/1.
    [[nodiscard]] static std::size_t partitions(const server_name& name);
    /// Stops the last partitions, or starts them again; gives how many there were. At most as many as it was
    /// started with; with 0 no name leads anywhere. Errors: `badarg` for more, why one does not start:
    /// those before it run by then, without a key that leads to them, until a resize() succeeds. Blocks.
    /// Owner process; exits with noproc when nobody has the name. Elixir: resize!/2, which takes a partition
    /// that runs already for an error.
    static start_result<std::size_t> resize(const server_name& name, std::size_t partitions);

    /// As of a supervisor; ids are the numbers of the partitions. Elixir: which_children/1, count_children/1.
    [[nodiscard]] static std::vector<child_info> which_children(const server_name& name);
    [[nodiscard]] static child_counts count_children(const server_name& name);

private:
    using child_for = std::function<child_spec(std::size_t n)>;
    static start_result<pid> start_each(const child_for& child, start_options options,
                                        const partition_supervisor_options& how);
};

}  // namespace rakka
