#include "log/log_remote.hpp"

#include "log/log_keys.hpp"
#include "log/log_reports.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/local_origin.hpp>

#include <chrono>
#include <cstdint>

namespace rakka::log {

bool has_remote_leader(system& s, const log_event& event) noexcept {
    const pid& leader = event.group_leader;
    if (!leader) return false;
    return leader.is_local() ? leader.creation != s.origin() : leader.node != s.node_name();
}

bool is_of_another_node(system& s, const log_event& event) {
    if (!has_remote_leader(s, event) || is_from_node(event)) return false;
    return !event.process || (event.process.is_local() && event.process.creation == s.origin());
}

namespace {

/// From OTP 27 on the callbacks of behaviours ask for a key that earlier releases pass over.
term as_otp_27_has_it(const term& report) {
    const term_view label = find_in(report, "label"_a);
    const bool lacks_it = report.is(kind::map) && label.is_tuple(2) &&
                          label.tuple()[1].is_atom("terminate"_a) &&
                          !find_in(report, "process_label"_a).has_value();
    if (!lacks_it) return report;
    key_map all{{"process_label"_a, "undefined"_a}};
    for (const auto [key, value] : report.map())
        if (const auto name = key.as<atom>()) all[*name] = report.share(value);
    return all;
}

}  // namespace

term as_message(const log_event& event) {
    key_map meta;
    for (const auto& [key, value] : event.more)
        if (key != from_node_key()) meta[key] = value;
    if (event.process) meta["pid"_a] = event.process;
    if (event.group_leader) meta["gl"_a] = event.group_leader;
    const auto since = event.time.time_since_epoch();
    meta["time"_a] = term(std::int64_t{std::chrono::duration_cast<std::chrono::microseconds>(since).count()});
    // Too long for an atom: then it is none.
    if (const auto function = atom::make(event.function); function && event.module && !event.function.empty())
        meta["mfa"_a] = term(tuple(event.module, *function, event.arity));
    if (!event.file.empty()) meta["file"_a] = term(charlist(event.file));
    if (event.line != 0) meta["line"_a] = term(event.line);
    if (!event.domain.empty()) meta["domain"_a] = term(event.domain);
    const atom level(to_string(event.level));
    if (!event.report.has_value()) return tuple("log"_a, level, charlist(event.text), meta);
    const term callback = report_callback(event.report);
    if (callback.has_value()) meta["report_cb"_a] = callback;
    return tuple("log"_a, level, as_otp_27_has_it(event.report), meta);
}

void send_to_leaders_node(system& s, const log_event& event) {
    const registered_name proxy{"logger_proxy"_a, etf::identity_of(event.group_leader).name};
    static_cast<void>(s.send(proxy, as_message(event)));
}

}  // namespace rakka::log
