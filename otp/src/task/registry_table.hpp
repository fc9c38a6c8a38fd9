// The table of a registry: read and written by the processes themselves, under locks held for a look-up at a
// time.
#pragma once

#include <rakka/actors/system.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/otp/registry.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace rakka::detail {

/// Keys are spread over parts by their hash; which keys a process has is kept in further parts, by the
/// process. Balanced trees, not hash tables: no writer ever holds a lock for as long as a large table takes
/// to grow. No function calls the vocabulary of processes, or user's code, while it holds a lock. Any thread.
class registry_table {
public:
    using entry = registry::entry;
    using full_entry = registry::full_entry;

    registry_table(rakka::system& system, registry_options options);

    [[nodiscard]] const registry_options& options() const noexcept { return options_; }
    [[nodiscard]] bool unique() const noexcept { return options_.keys == registry_keys::unique; }
    [[nodiscard]] rakka::system& system() const noexcept { return system_; }

    /// Adds an entry. The holder of a unique key, when one that is alive has it, and nothing is added; of a
    /// dead one the entry is replaced.
    [[nodiscard]] std::optional<pid> add(const term& key, const pid& process, term value);
    /// Removes the process's entries under the key that are wanted; their number. `rest`: whether it has any
    /// entry left.
    struct removed {
        std::size_t count = 0;
        bool any_left = false;
    };
    removed remove(const term& key, const pid& process, const std::function<bool(term_view)>& wanted);
    /// Removes all it has. The keys, one for each entry.
    std::vector<term> remove_all(const pid& process);
    /// Replaces the value of the entry that `process` has under the key; false when there is none (any more).
    bool replace(const term& key, const pid& process, term value);
    /// Nothing is left.
    void clear();

    /// Under a unique key only a living process.
    [[nodiscard]] std::vector<entry> lookup(const term& key) const;
    [[nodiscard]] std::optional<pid> first(const term& key) const;
    [[nodiscard]] std::vector<term> values(const term& key, const pid& process) const;
    /// In the order in which they were added.
    [[nodiscard]] std::vector<term> keys(const pid& process) const;
    [[nodiscard]] bool has_keys(const pid& process) const;
    [[nodiscard]] std::vector<full_entry> all() const;
    [[nodiscard]] std::size_t count() const;

    [[nodiscard]] std::optional<term> meta(const term& key) const;
    void put_meta(const term& key, term value);
    void delete_meta(const term& key);

    /// The process that looks after the entries of `process`.
    [[nodiscard]] const pid& watcher_of(const pid& process) const;

    /// Set before others see the table.
    std::vector<pid> watchers;
    pid server;
    std::atomic<bool> open{true};

private:
    struct slot_key {
        std::size_t hash;
        term key;
        pid process;
    };
    struct less {
        bool operator()(const slot_key& a, const slot_key& b) const noexcept;
    };
    using slots = std::multimap<slot_key, term, less>;
    using node = slots::node_type;
    struct alignas(64) part {
        mutable std::shared_mutex mutex;
        slots entries;  // guarded by mutex, as below
    };
    /// One for each entry of a process, with its number in the order in which they were added.
    struct owned_key {
        std::size_t hash;
        term key;
    };
    struct owned_less {
        bool operator()(const owned_key& a, const owned_key& b) const noexcept;
    };
    using owned_keys = std::multimap<owned_key, std::uint64_t, owned_less>;
    struct alignas(64) process_part {
        mutable std::shared_mutex mutex;
        std::map<pid, owned_keys, bool (*)(const pid&, const pid&)> keys;
        std::uint64_t added = 0;
        process_part();
    };

    [[nodiscard]] part& part_of(std::size_t hash) const { return parts_[hash % options_.partitions]; }
    [[nodiscard]] process_part& part_of(const pid& process) const;
    [[nodiscard]] static bool process_less(const pid& a, const pid& b) noexcept;
    [[nodiscard]] static std::vector<term> in_order(const owned_keys& keys);
    /// Whether any is left.
    bool forget_key(const pid& process, const owned_key& key, std::size_t times);

    rakka::system& system_;
    registry_options options_;
    std::unique_ptr<part[]> parts_;
    std::unique_ptr<process_part[]> by_process_;
    mutable std::shared_mutex meta_mutex_;
    std::unordered_map<term, term> meta_;  // guarded by meta_mutex_
};

}  // namespace rakka::detail
