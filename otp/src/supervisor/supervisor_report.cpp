#include "supervisor/supervisor_report.hpp"

#include "log/report.hpp"

#include <rakka/actors/log.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/print.hpp>

namespace rakka::detail {
namespace {

template <class First>
term described(First first, const child_kind& kind, const term& arguments) {
    return list(std::move(first), tuple("id"_a, kind.id),
                tuple("mfargs"_a, tuple(kind.module, kind.function, arguments)),
                tuple("restart_type"_a, to_atom(kind.restart)), tuple("significant"_a, kind.significant),
                tuple("shutdown"_a, to_term(kind.shutdown)), tuple("child_type"_a, to_atom(kind.type)));
}

}  // namespace

atom to_atom(report_context c) noexcept {
    switch (c) {
        case report_context::start_error:
            return "start_error"_a;
        case report_context::child_terminated:
            return "child_terminated"_a;
        case report_context::shutdown_error:
            return "shutdown_error"_a;
        case report_context::shutdown:
            break;
    }
    return atoms::known<"shutdown">;
}

term offender(const child_kind& kind, const term& child) {
    return offender(kind, child, kind.arguments);
}

term offender(const child_kind& kind, const term& child, const term& arguments) {
    return described(tuple("pid"_a, child), kind, arguments);
}

term offenders(const child_kind& kind, std::size_t count) {
    return described(tuple("nb_children"_a, count), kind, kind.arguments);
}

term dynamic_offender(const child_kind& kind, const term& child, const term& arguments) {
    return list(tuple("pid"_a, child), tuple("id"_a, atoms::known<"undefined">),
                tuple("mfargs"_a, tuple(kind.module, kind.function, arguments)),
                tuple("restart_type"_a, to_atom(kind.restart)), tuple("shutdown"_a, to_term(kind.shutdown)),
                tuple("child_type"_a, to_atom(kind.type)));
}

term error_report(const term& supervisor, report_context context, const term& reason, const term& offender) {
    const atom where = to_atom(context);
    return map("label"_a, tuple("supervisor"_a, where), "report"_a,
               list(tuple("supervisor"_a, supervisor), tuple("errorContext"_a, where),
                    tuple("reason"_a, reason), tuple("offender"_a, offender)));
}

term progress_report(const term& supervisor, const term& started) {
    return map("label"_a, tuple("supervisor"_a, "progress"_a), "report"_a,
               list(tuple("supervisor"_a, supervisor), tuple("started"_a, started)));
}

void report_error(const term& supervisor, report_context context, const term& reason, const term& offender) {
    log_report(log_level::error, error_report(supervisor, context, reason, offender), true);
}

bool errors_are_heard() {
    return has_listener(this_system(), log_level::error);
}

void report_progress(const term& supervisor, const child_kind& kind, const pid& child) {
    if (!has_listener(this_system(), log_level::info)) return;
    log_report(log_level::info, progress_report(supervisor, offender(kind, child)), true);
}

void report_unexpected(const term& message) {
    if (!errors_are_heard()) return;  // else anybody could make it print for nobody
    constexpr std::size_t most_chars = 4096;
    log_event e{log_level::error};
    e.domain = {"otp"_a};
    e.text = "Supervisor received unexpected message: " + to_string(message, {.max_chars = most_chars});
    tell(this_system(), std::move(e));
}

}  // namespace rakka::detail
