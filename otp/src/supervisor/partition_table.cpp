#include "supervisor/partition_table.hpp"

#include <rakka/etf/convert.hpp>
#include <rakka/etf/integer.hpp>

#include <mutex>

namespace rakka::detail {

std::size_t partition_of(const term& key, std::size_t count) {
    if (!key.is(kind::integer)) return hash_value(key.view()) % count;
    if (const auto small = key.as<std::int64_t>()) {
        const auto bits = static_cast<std::uint64_t>(*small);
        return (*small < 0 ? ~bits + 1 : bits) % count;
    }
    const cpp_int big = key.as<cpp_int>().value();
    return static_cast<std::size_t>(abs(big) % count);
}

std::size_t partition_table::partitions() const {
    const std::shared_lock lock(mutex_);
    return partitions_;
}

void partition_table::set_partitions(std::size_t n) {
    const std::unique_lock lock(mutex_);
    partitions_ = n;
}

void partition_table::set_process(std::size_t partition, const pid& process) {
    const std::unique_lock lock(mutex_);
    processes_[partition] = process;
}

std::optional<pid> partition_table::process_for(const term& key) const {
    const std::shared_lock lock(mutex_);
    if (partitions_ == 0) return std::nullopt;
    const pid& process = processes_[partition_of(key, partitions_)];
    return process ? std::optional(process) : std::nullopt;
}

shared_partitions partition_tables::find(const term& name) const {
    const std::shared_lock lock(mutex_);
    const auto found = tables_.find(name);
    return found == tables_.end() ? nullptr : found->second;
}

void partition_tables::add(const term& name, shared_partitions table) {
    const std::unique_lock lock(mutex_);
    tables_.insert_or_assign(term::copy(name), std::move(table));
}

void partition_tables::remove(const term& name, const shared_partitions& table) {
    const std::unique_lock lock(mutex_);
    const auto found = tables_.find(name);
    if (found != tables_.end() && found->second == table) tables_.erase(found);
}

}  // namespace rakka::detail
