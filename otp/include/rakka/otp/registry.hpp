// registry: processes by keys, with values; a process's entries go when it ends.
//
//     auto rooms = registry::start_link({.name = "rooms"_a}).value();
//     gen_server::start_link<room>({.name = rooms.name_of("lobby"_a)});      // {via, rooms, lobby}
//     gen_server::call(rooms.name_of("lobby"_a), "who"_a);
//
//     auto topics = registry::start_link({.name = "topics"_a, .keys = registry_keys::duplicate}).value();
//     topics.register_key("news"_a);                                         // subscribe
//     topics.dispatch("news"_a, [&](const auto& all) { for (auto& e : all) send(e.process, message); });
//
// Lookups read a shared table, in the caller: no message goes anywhere. Names are local to the system.
// Elixir: Registry.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/server_name.hpp>
#include <rakka/otp/start.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace rakka {

namespace detail {
class registry_table;
}

enum class registry_keys : std::uint8_t {
    unique,     ///< a key has one process at a time
    duplicate,  ///< a key has any number of processes, each any number of times
};

/// Elixir: the options of Registry.start_link/1.
struct registry_options {
    atom name;  ///< also the module of its names, `{via, Name, Key}`
    registry_keys keys = registry_keys::unique;
    /// Parts of the table, each with a lock and a process of its own; at most 1,024. More where many
    /// processes register at the same time: the number of CPUs.
    unsigned partitions = 1;
    /// Local names that are sent `{register, Registry, Key, Pid, Value}` and `{unregister, Registry, Key,
    /// Pid}`, the latter also when a process ends.
    std::vector<atom> listeners{};
    std::vector<std::pair<term, term>> meta{};
};

/// A handle: copy it, keep it, use it in any process of its system. Every function is for a process and does
/// not block, but for start_link() and the name's functions; when the registry has ended the caller exits
/// with
/// `{{unknown_registry, Name}, []}`.
///
/// A process that registers is linked to the registry as long as it has an entry: it ends when the registry
/// crashes.
class registry {
public:
    struct entry {
        pid process;
        term value;
    };
    struct full_entry {
        term key;
        pid process;
        term value;
    };

    registry() = default;  ///< of none

    /// Starts one, linked to the caller, and exports register_name/2, unregister_name/1, whereis_name/1 and
    /// send/2 under its name, by which `{via, Name, Key}` works from C++ and the functions from BEAMs.
    /// Errors: `{already_started, Pid}`, `badarg` for no name or a number of partitions that is none. Blocks.
    /// Elixir: start_link/1.
    [[nodiscard]] static start_result<registry> start_link(registry_options options);
    /// The one that runs under this name.
    [[nodiscard]] static std::optional<registry> find(atom name);

    [[nodiscard]] atom name() const;
    /// Its process, for a supervisor or for gen_server::stop().
    [[nodiscard]] pid process() const;
    /// `{via, Name, Key}`, to start a server with and to call it by.
    [[nodiscard]] registry_name name_of(term key) const { return via(name(), std::move(key)); }

    /// Registers the caller. Error, of unique keys: `{already_registered, Pid}`, which may be the caller
    /// itself. Gives the registry's process that the caller is linked to now. Elixir: register/3.
    start_result<pid> register_key(const term& key, term value = term(atoms::known<"nil">)) const;
    /// Takes all entries of the caller under the key away. Elixir: unregister/2.
    void unregister_key(const term& key) const;
    /// Those alone whose value is wanted. Elixir: unregister_match/4.
    template <std::predicate<term_view> P>
    void unregister_match(const term& key, P&& wanted) const {
        unregister_if(key, std::ref(wanted));
    }

    /// The entries under a key: of a unique one none or one, whose process is alive. Elixir: lookup/2.
    [[nodiscard]] std::vector<entry> lookup(const term& key) const;
    /// Whom a unique key has; of duplicate ones any. Elixir: whereis_name/1.
    [[nodiscard]] std::optional<pid> whereis(const term& key) const;
    /// The keys of a process, one for each entry, in the order of registering. Elixir: keys/2.
    [[nodiscard]] std::vector<term> keys(const pid& process) const;
    /// The values of a process under a key. Elixir: values/3.
    [[nodiscard]] std::vector<term> values(const term& key, const pid& process) const;
    /// Elixir: match/4, with a function in the place of a pattern and its guards.
    template <std::predicate<term_view> P>
    [[nodiscard]] std::vector<entry> match(const term& key, P&& wanted) const {
        std::vector<entry> all = lookup(key);
        std::erase_if(all, [&](const entry& e) { return !wanted(e.value.view()); });
        return all;
    }
    template <std::predicate<term_view> P>
    [[nodiscard]] std::size_t count_match(const term& key, P&& wanted) const {
        return match(key, std::forward<P>(wanted)).size();
    }
    /// How many entries there are. Elixir: count/1.
    [[nodiscard]] std::size_t count() const;
    /// Of all entries those that are wanted. Takes time for each entry. Elixir: select/2.
    template <std::predicate<const full_entry&> P>
    [[nodiscard]] std::vector<full_entry> select(P&& wanted) const {
        std::vector<full_entry> all = entries();
        std::erase_if(all, [&](const full_entry& e) { return !wanted(e); });
        return all;
    }
    [[nodiscard]] std::vector<full_entry> entries() const;

    /// f(entries) with the entries under a key, once, in the caller; not called when there are none. Elixir:
    /// dispatch/3.
    template <std::invocable<const std::vector<entry>&> F>
    void dispatch(const term& key, F&& f) const {
        const std::vector<entry> all = lookup(key);
        if (!all.empty()) std::invoke(std::forward<F>(f), all);
    }
    /// f(old value) becomes the value of the caller's entry under a unique key; gives both. Nothing when the
    /// caller has no such entry. Exits with badarg for a registry of duplicate keys. Elixir: update_value/3,
    /// `{New, Old}`.
    std::optional<std::pair<term, term>> update_value(const term& key,
                                                      const std::function<term(const term&)>& f) const;

    /// Values of the registry itself. Elixir: meta/2, put_meta/3, delete_meta/2.
    [[nodiscard]] std::optional<term> meta(const term& key) const;
    void put_meta(const term& key, term value) const;
    void delete_meta(const term& key) const;

private:
    explicit registry(std::shared_ptr<detail::registry_table> table) noexcept : table_(std::move(table)) {}
    [[nodiscard]] detail::registry_table& table() const;
    void unregister_if(const term& key, const std::function<bool(term_view)>& wanted) const;
    void let_go() const;

    std::shared_ptr<detail::registry_table> table_;
};

}  // namespace rakka
