// The log of a system: events with levels, from code, from processes' lives and from other nodes, through
// filters to handlers.
//
//     rakka::system system;
//     log::start(system);                                            // to the standard error output, from
//     notice on log::add_handler(system, "file"_a, log::rotating_file("calc.log"), {.format =
//     log::json_format()}); … log::info("order {} is shipped to {}", id, city);              // inside a
//     process log::warning(log::with("order", id), "no answer in {} ms", ms); log::error([&] { return
//     map("what"_a, "lost", "order"_a, id); });   // a report, made if it is wanted
//
// A call whose level nobody wants costs a load and a branch: nothing is formatted, no term is made. Otherwise
// the text is formatted where the call stands, a handler's lines are written by its own thread. A log call
// never gives way, never throws (but for what a lazy report throws), and may be made while a lock is held or
// an exception unwinds; it may wait for a handler that is behind, see overload in log_handlers.hpp.
//
// Erlang: `logger`. Names and defaults are its own; what is different is said at each function.
// docs/logging.md has the whole.
#pragma once

#include <rakka/actors/log.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/log_filters.hpp>
#include <rakka/otp/log_handlers.hpp>
#include <rakka/otp/log_text.hpp>

#include <boost/assert/source_location.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rakka::log {

// -- the logger of a system: any thread
// --------------------------------------------------------------------------------------------------

struct options {
    /// The primary level. Erlang: kernel's `logger_level`.
    log_level level = log_level::notice;
    /// What the handler named `default` is like, which writes to the standard error output (in Erlang, to the
    /// standard output); nothing: there is none. It leaves events to others that belong to the output of
    /// another node (filters::remote_gl). Erlang: kernel's `{logger, [{handler, default, …}]}`.
    std::optional<handler_options> default_handler = handler_options{};
};

/// Gives `s` its logger, which is a part of it from then on. Before, and without, events go to
/// system_options::log. False when it has one already.
bool start(system& s, options how = {});

/// Events that are less loud go nowhere, unless the level of their module or process says otherwise. Erlang:
/// logger:set_primary_config(level, Level).
void set_primary_level(system& s, log_level level);
[[nodiscard]] log_level primary_level(system& s);
/// Pairs that are in the metadata of every event. Erlang: set_primary_config(metadata, Map).
void set_primary_metadata(system& s, std::vector<std::pair<atom, term>> metadata);

/// Of a module, in place of the primary level. The module of C++ code is the name of its file, without
/// `.cpp`; that of the births and ends of processes `lifecycle`, that of what a node has to say `node`.
/// Erlang: logger:set_module_level/2, unset_module_level/1.
void set_module_level(system& s, atom module, log_level level);
void unset_module_level(system& s, atom module);
/// Of the events that a process logs, or that are about it, in place of the other levels. Forgotten when the
/// process has ended. Elixir: Logger.put_process_level/2.
void set_process_level(system& s, const pid& process, log_level level);
void unset_process_level(system& s, const pid& process);

/// A filter that every event passes before it comes to handlers. False: there is one with this name. Erlang:
/// logger:add_primary_filter/2, remove_primary_filter/1, set_primary_config(filter_default, …).
bool add_primary_filter(system& s, atom name, filter f);
bool remove_primary_filter(system& s, atom name);
void set_primary_filter_default(system& s, verdict what);

/// A handler that writes with `to`. False: there is one with this id, or the options make no sense (see
/// overload). Erlang: logger:add_handler/3.
bool add_handler(system& s, atom id, std::unique_ptr<sink> to, handler_options how = {});
/// A handler that is a function, called with each event where it happens, outside of any process; `how`
/// counts without format and overload. When it throws it is removed, and an error event says so.
bool add_handler(system& s, atom id, log_sink function, handler_options how = {});
/// Writes what the handler has accepted, waits for events that are on their way through it, for up to five
/// seconds, and ends it: it does not use its sink, function or filters afterwards. Blocks; from within the
/// handler it does not wait for its caller. Erlang: logger:remove_handler/1.
bool remove_handler(system& s, atom id);
/// False: there is no such handler (or filter). Erlang: logger:set_handler_config(Id, level, Level) and its
/// kin.
bool set_handler_level(system& s, atom id, log_level level);
bool set_handler_format(system& s, atom id, formatter format);
bool set_handler_filter_default(system& s, atom id, verdict what);
bool add_handler_filter(system& s, atom id, atom name, filter f);
bool remove_handler_filter(system& s, atom id, atom name);

/// Waits until all that handlers have accepted so far is written and flushed; false when that takes longer.
/// Erlang: the handler's filesync/1.
bool flush(system& s, std::chrono::milliseconds most = std::chrono::seconds(5));

struct handler_config {
    atom id;
    log_level level = log_level::all;
    verdict filter_default = verdict::log;
    std::vector<atom> filters;
    overload limits;
    handler_counts counts;
};
struct config {
    log_level primary_level = log_level::none;
    verdict filter_default = verdict::log;
    std::vector<atom> filters;
    std::vector<std::pair<atom, term>> metadata;
    std::map<std::string, log_level> module_levels;
    std::vector<std::pair<pid, log_level>> process_levels;
    std::vector<handler_config> handlers;
};
/// How things stand. Erlang: logger:get_config/0.
[[nodiscard]] config get_config(system& s);

// -- the calling process: its metadata goes into each event it logs
// --------------------------------------------------------------------------------------------------

/// Owner process. Erlang: logger:set_process_metadata/1, update_process_metadata/1, get_process_metadata/0
/// and unset_process_metadata/0. A map; no value when there is none.
void set_process_metadata(term metadata);
void update_process_metadata(const term& metadata);
[[nodiscard]] term get_process_metadata();
void unset_process_metadata();

// -- logging
// --------------------------------------------------------------------------------------------------

template <class... Values>
class keys;

namespace detail {

/// A text of {fmt}, checked at compile time, and where it stands.
template <class... Args>
struct text_at {
    template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
        // NOLINTNEXTLINE(google-explicit-constructor): a string literal is a text
        FMT_CONSTEVAL text_at(const Text& t, const boost::source_location& here = BOOST_CURRENT_LOCATION)
        : text(t), where(here) {}
    fmt::format_string<Args...> text;
    boost::source_location where;
};

using key_values = std::vector<std::pair<atom, term>>;

/// What makes the keys of a call, if they are wanted.
struct keys_maker {
    key_values (*make)(const void* from) = nullptr;
    const void* from = nullptr;
    [[nodiscard]] key_values operator()() const { return make == nullptr ? key_values{} : make(from); }
};

[[nodiscard]] inline bool wanted(log_level level) noexcept {
    return level >= rakka::detail::quietest_wanted.load(std::memory_order_relaxed);
}

/// `s` null: the system of the calling process, outside of one a line on the standard error output for
/// warnings and what is louder.
[[gnu::cold]] void write(system* s, log_level level, const boost::source_location& where,
                         fmt::string_view text, fmt::format_args args, keys_maker keys) noexcept;
[[gnu::cold]] void write(system* s, log_level level, const boost::source_location& where,
                         term (*report)(const void*), const void* from, keys_maker keys);

template <class T>
struct is_expression : std::false_type {};
template <class... Parts>
struct is_expression<etf::map_expression<Parts...>> : std::true_type {};
template <class... Parts>
struct is_expression<etf::list_expression<Parts...>> : std::true_type {};

/// A report: a term, what makes one, or a function that gives one of these.
template <class T>
concept report_like = std::same_as<T, term> || is_expression<T>::value || std::invocable<const T&>;

template <report_like Report>
term report_of(const void* from) {
    const auto& r = *static_cast<const Report*>(from);
    if constexpr (std::invocable<const Report&>) {
        return term(r());
    } else {
        return term(r);
    }
}

}  // namespace detail

/// What with() gives.
template <class... Values>
class keys {
public:
    template <class... Pairs>
    requires(sizeof...(Pairs) == 2 * sizeof...(Values)) explicit keys(const Pairs&... pairs) noexcept {
        take<0>(pairs...);
    }
    [[nodiscard]] detail::keys_maker maker() const noexcept { return {&make, this}; }

private:
    template <std::size_t I, class Value, class... Rest>
    void take(const char* key, const Value& value, const Rest&... rest) noexcept {
        keys_[I] = key;
        values_[I] = &value;
        if constexpr (sizeof...(Rest) != 0) take<I + 1>(rest...);
    }
    template <std::size_t I, class Value>
    static void add(const keys& k, detail::key_values& out) {
        const auto& value = *static_cast<const Value*>(k.values_[I]);
        if constexpr (std::is_array_v<Value>) {
            out.emplace_back(atom(k.keys_[I]), term(std::string_view(value)));
        } else {
            out.emplace_back(atom(k.keys_[I]), term(value));
        }
    }
    template <std::size_t... I>
    static void add_all(const keys& k, detail::key_values& out, std::index_sequence<I...>) {
        (add<I, Values>(k, out), ...);
    }
    static detail::key_values make(const void* from) {
        detail::key_values out;
        out.reserve(sizeof...(Values));
        add_all(*static_cast<const keys*>(from), out, std::index_sequence_for<Values...>());
        return out;
    }

    std::array<const char*, sizeof...(Values)> keys_{};
    std::array<const void*, sizeof...(Values)> values_{};
};

namespace detail {
/// Every second type.
template <class... Pairs>
struct values_of;
template <>
struct values_of<> {
    template <class... Values>
    using result = keys<Values...>;
};
template <class Key, class Value, class... Rest>
struct values_of<Key, Value, Rest...> {
    template <class... Values>
    using result = typename values_of<Rest...>::template result<Values..., Value>;
};
}  // namespace detail

/// Keys of metadata for one call: `with("order", id, "user", name)`; `domain`, a list of atoms, is the
/// event's domain. Refers to its arguments, which are made into terms only if the event is wanted: for use
/// within the call.
template <class... Pairs>
requires(sizeof...(Pairs) % 2 == 0 && sizeof...(Pairs) != 0)
    [[nodiscard]] auto with(const Pairs&... pairs) noexcept {
    return typename detail::values_of<Pairs...>::template result<>(pairs...);
}

namespace detail {

/// What `info` and its kin are: functions of one level. The event is of the calling process, or of `s`.
template <log_level Level>
struct at_level {
    template <class... Args>
    void operator()(text_at<std::type_identity_t<Args>...> t, const Args&... args) const noexcept {
        if (wanted(Level)) [[unlikely]]
            write(nullptr, Level, t.where, t.text, fmt::make_format_args(args...), {});
    }
    template <class... Values, class... Args>
    void operator()(const keys<Values...>& k, text_at<std::type_identity_t<Args>...> t,
                    const Args&... args) const noexcept {
        if (wanted(Level)) [[unlikely]]
            write(nullptr, Level, t.where, t.text, fmt::make_format_args(args...), k.maker());
    }
    template <report_like Report>
    void operator()(const Report& r, const boost::source_location& where = BOOST_CURRENT_LOCATION) const {
        if (wanted(Level)) [[unlikely]]
            write(nullptr, Level, where, &report_of<Report>, &r, {});
    }
    template <class... Values, report_like Report>
    void operator()(const keys<Values...>& k, const Report& r,
                    const boost::source_location& where = BOOST_CURRENT_LOCATION) const {
        if (wanted(Level)) [[unlikely]]
            write(nullptr, Level, where, &report_of<Report>, &r, k.maker());
    }
    template <class... Args>
    void operator()(system& s, text_at<std::type_identity_t<Args>...> t, const Args&... args) const noexcept {
        if (wanted(Level)) [[unlikely]]
            write(&s, Level, t.where, t.text, fmt::make_format_args(args...), {});
    }
    template <class... Values, class... Args>
    void operator()(system& s, const keys<Values...>& k, text_at<std::type_identity_t<Args>...> t,
                    const Args&... args) const noexcept {
        if (wanted(Level)) [[unlikely]]
            write(&s, Level, t.where, t.text, fmt::make_format_args(args...), k.maker());
    }
    template <report_like Report>
    void operator()(system& s, const Report& r,
                    const boost::source_location& where = BOOST_CURRENT_LOCATION) const {
        if (wanted(Level)) [[unlikely]]
            write(&s, Level, where, &report_of<Report>, &r, {});
    }
};

}  // namespace detail

// log::info("a text of fmt {}", x); log::info(report); log::info(with(…), …); log::info(system, …). Inside a
// process the event is its own; outside of one a call without a system reaches only the standard error
// output.
inline constexpr detail::at_level<log_level::emergency> emergency{};
inline constexpr detail::at_level<log_level::alert> alert{};
inline constexpr detail::at_level<log_level::critical> critical{};
inline constexpr detail::at_level<log_level::error> error{};
inline constexpr detail::at_level<log_level::warning> warning{};
inline constexpr detail::at_level<log_level::notice> notice{};
inline constexpr detail::at_level<log_level::info> info{};
inline constexpr detail::at_level<log_level::debug> debug{};

/// Whether an event of this level, of the code in `module` and of the calling process, would pass the levels.
/// Any thread. Erlang: logger:allow/2.
[[nodiscard]] bool allow(system& s, log_level level, atom module = {});

}  // namespace rakka::log
