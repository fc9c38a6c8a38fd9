// Which process a key leads to: the tables of partition supervisors, read by any process without asking one.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace rakka {

class system;

namespace detail {

/// Of one partition supervisor. Any thread; nothing blocks for longer than it takes to read a pid.
class partition_table {
public:
    explicit partition_table(std::size_t most) : processes_(most), partitions_(most) {}

    [[nodiscard]] std::size_t most() const noexcept { return processes_.size(); }
    [[nodiscard]] std::size_t partitions() const;
    /// Precondition: not more than most().
    void set_partitions(std::size_t n);
    /// Precondition: less than most().
    void set_process(std::size_t partition, const pid& process);
    /// Nothing: there are no partitions, or this one has never run.
    [[nodiscard]] std::optional<pid> process_for(const term& key) const;

private:
    mutable std::shared_mutex mutex_;
    std::vector<pid> processes_;  // guarded by mutex_, as is the one below
    std::size_t partitions_;
};
using shared_partitions = std::shared_ptr<partition_table>;

/// The partition that `key` leads to. Precondition: count is not 0. Any thread.
[[nodiscard]] std::size_t partition_of(const term& key, std::size_t count);

/// One for each system (attached<partition_tables>): tables by the names of their supervisors. Any thread.
class partition_tables {
public:
    explicit partition_tables(system&) {}

    /// Null when there is none.
    [[nodiscard]] shared_partitions find(const term& name) const;
    /// Replaces one of the same name, whose supervisor has ended.
    void add(const term& name, shared_partitions table);
    /// Unless another one has taken its place.
    void remove(const term& name, const shared_partitions& table);

private:
    mutable std::shared_mutex mutex_;
    std::unordered_map<term, shared_partitions> tables_;  // guarded by mutex_
};

}  // namespace detail
}  // namespace rakka
