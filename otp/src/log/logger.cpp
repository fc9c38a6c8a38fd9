#include "log/log_core.hpp"
#include "log/log_keys.hpp"
#include "log/log_overload.hpp"
#include "log/signature.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>
#include <rakka/otp/logger.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>

namespace rakka::log {

// -- the logger of a system
// ----------------------------------------------------------------------------------------------------

bool start(system& s, options how) {
    auto made = std::make_unique<logger_core>(s, how.level);
    logger_core& core = *made;
    if (how.default_handler) {
        handler_options o = std::move(*how.default_handler);
        o.filters.emplace(o.filters.begin(), "remote_gl"_a, filters::remote_gl(verdict::stop, s));
        if (!makes_sense(o.limits)) return false;
        core.add_handler(
            std::make_shared<handler>("default"_a, console(), std::move(o), rakka::detail::has_threads(s)));
    }
    return rakka::detail::attach_log(s, std::move(made), how.level);
}

void set_primary_level(system& s, log_level level) {
    logger_core::of(s).set_primary_level(level);
}

log_level primary_level(system& s) {
    return get_config(s).primary_level;
}

void set_primary_metadata(system& s, std::vector<std::pair<atom, term>> metadata) {
    logger_core::of(s).set_metadata(std::move(metadata));
}

void set_module_level(system& s, atom module, log_level level) {
    logger_core::of(s).set_module_level(module, level);
}

void unset_module_level(system& s, atom module) {
    logger_core::of(s).set_module_level(module, std::nullopt);
}

void set_process_level(system& s, const pid& process, log_level level) {
    logger_core::of(s).set_process_level(process, level);
}

void unset_process_level(system& s, const pid& process) {
    logger_core::of(s).set_process_level(process, std::nullopt);
}

bool add_primary_filter(system& s, atom name, filter f) {
    return logger_core::of(s).add_filter(name, std::move(f));
}

bool remove_primary_filter(system& s, atom name) {
    return logger_core::of(s).remove_filter(name);
}

void set_primary_filter_default(system& s, verdict what) {
    logger_core::of(s).set_filter_default(what);
}

// -- handlers
// ----------------------------------------------------------------------------------------------------

bool add_handler(system& s, atom id, std::unique_ptr<sink> to, handler_options how) {
    logger_core& core = logger_core::of(s);
    if (!to || !makes_sense(how.limits) || core.find_handler(id)) return false;
    return core.add_handler(
        std::make_shared<handler>(id, std::move(to), std::move(how), rakka::detail::has_threads(s)));
}

bool add_handler(system& s, atom id, log_sink function, handler_options how) {
    if (!function) return false;
    return logger_core::of(s).add_handler(std::make_shared<handler>(id, std::move(function), std::move(how)));
}

bool remove_handler(system& s, atom id) {
    return logger_core::of(s).remove_handler(id);
}

bool set_handler_level(system& s, atom id, log_level level) {
    const auto h = logger_core::of(s).find_handler(id);
    if (h) h->set_level(level);
    return h != nullptr;
}

bool set_handler_format(system& s, atom id, formatter format) {
    const auto h = logger_core::of(s).find_handler(id);
    return h && h->set_format(std::move(format));
}

bool set_handler_filter_default(system& s, atom id, verdict what) {
    const auto h = logger_core::of(s).find_handler(id);
    if (h) h->set_filter_default(what);
    return h != nullptr;
}

bool add_handler_filter(system& s, atom id, atom name, filter f) {
    const auto h = logger_core::of(s).find_handler(id);
    return h && h->add_filter(name, std::move(f));
}

bool remove_handler_filter(system& s, atom id, atom name) {
    const auto h = logger_core::of(s).find_handler(id);
    return h && h->remove_filter(name);
}

bool flush(system& s, std::chrono::milliseconds most) {
    const auto end = std::chrono::steady_clock::now() + most;
    bool all = true;
    for (const auto& h : logger_core::of(s).handlers()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        all = h->flush(std::max(left, std::chrono::milliseconds(0))) && all;
    }
    return all;
}

config get_config(system& s) {
    return logger_core::of(s).describe();
}

bool allow(system& s, log_level level, atom module) {
    const logger_core* const core = logger_core::find(s);
    if (core == nullptr) return rakka::detail::has_listener(s, level);
    const bool inside = rakka::detail::system_here() == &s;
    return core->allows(level, module.text(), inside ? self() : pid());
}

// -- the calling process
// ----------------------------------------------------------------------------------------------------

namespace {

// Where Erlang's logger has it.
atom metadata_key() {
    return "$logger_metadata$"_a;
}

}  // namespace

void set_process_metadata(term metadata) {
    if (!metadata.is(kind::map)) rakka::error("badarg"_a);
    put(metadata_key(), std::move(metadata));
}

void update_process_metadata(const term& metadata) {
    const term old = get_process_metadata();
    if (!old.has_value()) return set_process_metadata(metadata);
    if (!metadata.is(kind::map)) rakka::error("badarg"_a);
    key_map all;
    for (const term* const from : {&old, &metadata})
        for (const auto [key, value] : from->map())
            if (const auto name = key.as<atom>()) all[*name] = from->share(value);
    set_process_metadata(all);
}

term get_process_metadata() {
    const term key = metadata_key();
    return get(key);
}

void unset_process_metadata() {
    const term key = metadata_key();
    static_cast<void>(erase(key));
}

// -- an event of a call
// ----------------------------------------------------------------------------------------------------

namespace detail {

namespace {

/// `…/calc.cpp` is the module calc.
std::string_view module_of(const char* file) {
    std::string_view name(file);
    name.remove_prefix(name.find_last_of('/') + 1);
    return name.substr(0, name.find_last_of('.'));
}

/// Where a call stands, taken apart.
struct place {
    std::string file;
    std::string text;  // of the function
    atom module;
    signature function;
};

/// Most events come from few places: each thread remembers the last ones. Their texts are compared and not
/// their addresses alone, which another module may have later. Valid until the next call on this thread.
const place& place_of(const boost::source_location& where) {
    thread_local std::array<place, 32> known;
    const auto address = reinterpret_cast<std::uintptr_t>(where.function_name());
    place& at = known[(address >> 4U) % known.size()];
    if (at.text == where.function_name() && at.file == where.file_name()) return at;
    place fresh{where.file_name(), where.function_name(), {}, parts_of_signature(where.function_name())};
    if (const auto module = atom::make(module_of(where.file_name()))) fresh.module = *module;
    return at = std::move(fresh);
}

log_event event_at(log_level level, const boost::source_location& where, const keys_maker& keys) {
    log_event e{level};
    const place& p = place_of(where);
    e.module = p.module;
    e.function = p.function.name;
    e.arity = p.function.parameters;
    e.file = p.file;
    e.line = where.line();
    e.more = keys();
    return e;
}

/// Keys of the process that the call has not given.
void add_process_metadata(log_event& e) {
    const term metadata = get_process_metadata();
    if (!metadata.is(kind::map)) return;
    for (const auto [key, value] : metadata.map()) {
        const auto name = key.as<atom>();
        if (!name) continue;
        if (*name == "domain"_a && e.domain.empty()) {
            if (auto domain = value.as<std::vector<atom>>()) e.domain = *std::move(domain);
            continue;
        }
        const auto has = [&](const auto& pair) { return pair.first == *name; };
        if (std::none_of(e.more.begin(), e.more.end(), has))
            e.more.emplace_back(*name, metadata.share(value));
    }
}

/// Where a call's event belongs, and whether its level passes there.
struct target {
    system* s = nullptr;
    bool inside = false;  ///< the caller is a process of it
    bool passes = false;
};

target find_target(system* s, log_level level, const boost::source_location& where) {
    target t;
    system* const here = rakka::detail::system_here();
    t.s = s == nullptr ? here : s;
    t.inside = here != nullptr && t.s == here;
    if (t.s == nullptr) {
        t.passes = level >= log_level::warning;
    } else if (rakka::detail::has_listener(*t.s, level)) {
        const logger_core* const core = logger_core::find(*t.s);
        t.passes =
            core == nullptr || core->allows(level, module_of(where.file_name()), t.inside ? self() : pid());
    }
    return t;
}

void emit(const target& t, log_event event) {
    if (t.inside) add_process_metadata(event);
    const auto domain = std::find_if(event.more.begin(), event.more.end(),
                                     [](const auto& pair) { return pair.first == "domain"_a; });
    if (domain != event.more.end()) {
        if (auto names = domain->second.template as<std::vector<atom>>()) event.domain = *std::move(names);
        event.more.erase(domain);
    }
    if (t.s != nullptr) return tell(*t.s, std::move(event));
    const std::string what = event.report.has_value() ? event.report.to_string() : event.text;
    const std::string line = fmt::format("[rakka {}] {}\n", to_string(event.level), what);
    std::fwrite(line.data(), 1, line.size(), stderr);  // fmt::print() throws when it cannot
}

}  // namespace

void write(system* s, log_level level, const boost::source_location& where, fmt::string_view text,
           fmt::format_args args, keys_maker keys) noexcept {
    try {
        const target t = find_target(s, level, where);
        if (!t.passes) return;
        log_event e = event_at(level, where, keys);
        e.text = fmt::vformat(text, args);
        emit(t, std::move(e));
    } catch (...) {
        return;  // no memory, or an argument whose formatter fails
    }
}

void write(system* s, log_level level, const boost::source_location& where, term (*report)(const void*),
           const void* from, keys_maker keys) {
    const target t = find_target(s, level, where);
    if (!t.passes) return;
    log_event e = event_at(level, where, keys);
    e.report = report(from);
    emit(t, std::move(e));
}

}  // namespace detail
}  // namespace rakka::log

namespace rakka::detail {

std::string text_of(term_view t) {
    return to_string(t, {.charset = print_charset::unicode});
}

}  // namespace rakka::detail
