// The last words of gen_server, gen_statem and gen_event, as OTP puts them.
#include "log/log_reports.hpp"

#include <rakka/etf/local_origin.hpp>

#include <utility>

namespace rakka::log {

namespace {

/// What a call to a missing function says. No module of Erlang is loaded here.
void put_reason(report_text& to, term_view reason) {
    const bool undefined = reason.is_tagged("undef"_a, 2) && reason.tuple()[1].is(kind::list);
    if (!undefined) {
        to << reason;
        return;
    }
    const term said = tuple("module could not be loaded"_a, term::copy(reason.tuple()[1]));
    to << said;
}

/// Who has called the server that ends: `{Pid, remote | dead | {NameOrPid, Stack}}`, or undefined.
void put_client(report_text& to, term_view client) {
    if (!client.is_tuple(2)) return;
    const term_view who = client.tuple()[0];
    const term_view what = client.tuple()[1];
    const bool one = to.single_line();
    to << (one ? " Client " : "** Client ");
    if (what.is_atom("dead"_a)) {
        to << who << " is dead";
    } else if (what.is_atom("remote"_a)) {
        const auto p = who.as<pid>();
        to << who << " is remote on node " << term_view(p ? etf::identity_of(*p).name : "undefined"_a);
    } else if (what.is_tuple(2)) {
        to << what.tuple()[0] << (one ? " stacktrace: " : " stacktrace\n** ") << what.tuple()[1];
    } else {
        to << who;
    }
    to << (one ? "." : "\n");
}

bool has_elements(term_view list) {
    return list.is(kind::list);
}

void put_server_log(report_text& to, term_view log) {
    if (!has_elements(log)) return;
    to << (to.single_line() ? " Log: [" : "** Log ==\n** [");
    bool first = true;
    for (const term_view event : log.list()) {
        if (!std::exchange(first, false)) to << (to.single_line() ? "," : ",\n    ");
        to << event;
    }
    to << (to.single_line() ? "]" : "]\n");
}

void put_server(report_text& to, term_view r) {
    const term_view name = find_in(r, "name"_a);
    const term_view reason = find_in(r, "reason"_a);
    const term_view message = find_in(r, "last_message"_a);
    const term_view state = find_in(r, "state"_a);
    if (to.single_line()) {
        to << "Generic server " << name << " terminating. Reason: ";
        put_reason(to, reason);
        to << ". Last message: " << message << ". State: " << state << ".";
    } else {
        to << "** Generic server " << name << " terminating \n** Last message in was " << message
           << "\n** When Server state == " << state << "\n** Reason for termination ==\n** ";
        put_reason(to, reason);
        to << "\n";
    }
    put_server_log(to, find_in(r, "log"_a));
    put_client(to, find_in(r, "client_info"_a));
}

void put_machine_in_one_line(report_text& to, term_view r, term_view reason, term_view stack,
                             term_view event) {
    to << "State machine " << find_in(r, "name"_a) << " terminating. Reason: ";
    to << reason << ".";
    if (has_elements(stack)) to << " Stack: " << stack << ".";
    if (event.has_value()) to << " Last event: " << event << ".";
    to << " State: " << find_in(r, "state"_a) << ".";
    if (const term_view log = find_in(r, "log"_a); has_elements(log)) to << " Log: " << log << ".";
}

void put_machine_in_lines(report_text& to, term_view r, term_view stack, term_view event, term_view queued) {
    to << "** State machine " << find_in(r, "name"_a) << " terminating\n";
    if (event.has_value()) to << "** Last event = " << event << "\n";
    to << "** When server state  = " << find_in(r, "state"_a) << "\n** Reason for termination = ";
    if (const term_view reason = find_in(r, "reason"_a); reason.is_tuple(3)) {
        to << reason.tuple()[0] << ":" << reason.tuple()[1];
    } else {
        to << reason;
    }
    to << "\n** Callback modules = " << find_in(r, "modules"_a) << "\n** Callback mode = ";
    if (find_in(r, "state_enter"_a).is_atom("true"_a)) {
        const term both = list(term::copy(find_in(r, "callback_mode"_a)), "state_enter"_a);
        to << both;
    } else {
        to << find_in(r, "callback_mode"_a);
    }
    to << "\n";
    if (has_elements(queued)) to << "** Queued = " << queued << "\n";
    if (const term_view late = find_in(r, "postponed"_a); has_elements(late))
        to << "** Postponed = " << late << "\n";
    if (has_elements(stack)) to << "** Stacktrace =\n**  " << stack << "\n";
    const term_view timeouts = find_in(r, "timeouts"_a);
    if (timeouts.is_tuple(2) && has_elements(timeouts.tuple()[1])) to << "** Time-outs: " << timeouts << "\n";
    if (const term_view log = find_in(r, "log"_a); has_elements(log)) to << "** Log =\n**  " << log << "\n";
}

void put_machine(report_text& to, term_view r) {
    const term_view reason = find_in(r, "reason"_a);
    const term_view stack = reason.is_tuple(3) ? reason.tuple()[2] : term_view();
    const term_view queue = find_in(r, "queue"_a);
    term_view event;
    term_view queued;
    if (has_elements(queue)) {
        auto at = queue.list().begin();
        event = *at;
        queued = (++at).rest();
    }
    if (to.single_line()) {
        put_machine_in_one_line(to, r, reason.is_tuple(3) ? reason.tuple()[1] : reason, stack, event);
    } else {
        put_machine_in_lines(to, r, stack, event, queued);
    }
    put_client(to, find_in(r, "client_info"_a));
}

void put_event_handler(report_text& to, term_view r) {
    const bool one = to.single_line();
    const term_view reason = find_in(r, "reason"_a);
    to << (one ? "Generic event handler " : "** gen_event handler ") << find_in(r, "handler"_a)
       << (one ? " crashed. Installed: " : " crashed.\n** Was installed in ") << find_in(r, "name"_a)
       << (one ? ". Last event: " : "\n** Last event was: ") << find_in(r, "last_message"_a)
       << (one ? ". State: " : "\n** When handler state == ") << find_in(r, "state"_a)
       << (one ? ". Reason: " : "\n** Reason == ");
    put_reason(to, reason.is_tagged("EXIT"_a, 2) ? reason.tuple()[1] : reason);
    to << (one ? "." : "\n");
}

void put_unhandled(report_text& to, term_view r) {
    const bool one = to.single_line();
    to << (one ? "Undefined handle_info in " : "** Undefined handle_info in ") << find_in(r, "module"_a)
       << (one ? ". Unhandled message: " : "\n** Unhandled message: ") << find_in(r, "message"_a)
       << (one ? "." : "\n");
}

}  // namespace

bool put_behaviour(report_text& to, term_view label, term_view report) {
    if (!label.is_tuple(2)) return false;
    const term_view who = label.tuple()[0];
    const term_view what = label.tuple()[1];
    if (what.is_atom("no_handle_info"_a)) {
        put_unhandled(to, report);
    } else if (!what.is_atom("terminate"_a)) {
        return false;
    } else if (who.is_atom("gen_server"_a)) {
        put_server(to, report);
    } else if (who.is_atom("gen_statem"_a)) {
        put_machine(to, report);
    } else if (who.is_atom("gen_event"_a)) {
        put_event_handler(to, report);
    } else {
        return false;
    }
    return true;
}

}  // namespace rakka::log
