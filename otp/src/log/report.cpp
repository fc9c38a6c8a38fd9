#include "log/report.hpp"

#include "log/log_reports.hpp"
#include "log/signature.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::detail {

void log_report(log_level level, term report, bool sasl) {
    system& here = this_system();
    if (!has_listener(here, level)) return;
    log_event e{level};
    e.domain = {"otp"_a};
    if (sasl) e.domain.push_back("sasl"_a);
    if (log_receiver_of(here) == nullptr) {
        e.text =
            log::words_of_report(report, {.single_line = false});  // whoever is told may have no words for it
    } else {
        e.report = std::move(report);
    }
    tell(here, std::move(e));
}

namespace {

constexpr std::size_t longest_atom = 255;

/// error() and what it calls are not what has failed.
bool is_way_of_error(std::string_view function) {
    return function == "rakka::error" || function == "rakka::(anonymous namespace)::raise";
}

/// The C++ functions that were being called, in the form of Erlang's: `{cpp, 'adder::add', 2, []}`.
std::vector<term> stack_of_last_exception() {
    std::vector<term> out;
    for (const std::string& function : stack_of(nullptr)) {
        const log::signature s = log::parts_of_signature(function);
        if (out.empty() && is_way_of_error(s.name)) continue;
        const auto name = atom::make(s.name.substr(0, longest_atom));
        if (name) out.emplace_back(tuple("cpp"_a, *name, s.parameters, list()));
    }
    return out;
}

/// Whether it is the reason of error(), in whose handler this runs: exit() may be given one that looks alike.
bool is_of_error(const term& reason) {
    const auto handled = std::current_exception();
    if (!handled) return false;
    try {
        std::rethrow_exception(handled);
    } catch (const process_exit& e) {
        return e.raised == process_exit::kind::error && e.reason == reason;
    } catch (const term&) {
        return reason.tuple()[0].is_tagged("nocatch"_a, 2);
    } catch (...) {
        return false;
    }
}

/// `{Reason, []}` of error(), or `{{cpp_exception, Type, Text}, []}`: see exit_reason_of().
bool lacks_its_stack(const term& reason) {
    return reason.is_tuple(2) && reason.tuple()[1].is(kind::nil) &&
           (reason.tuple()[0].is_tagged("cpp_exception"_a, 3) || is_of_error(reason));
}

/// `{Class, Reason, Stack}`: an error's reason carries its stack.
term error_info(const term& reason) {
    if (lacks_its_stack(reason))
        return tuple(atoms::known<"error">, reason.share(reason.tuple()[0]), stack_of_last_exception());
    if (reason.is_tuple(2) && reason.tuple()[1].is(kind::list) && !reason.tuple()[1].list().empty() &&
        reason.tuple()[1].list().head().is_tuple(4))
        return tuple(atoms::known<"error">, reason.share(reason.tuple()[0]), reason.share(reason.tuple()[1]));
    return tuple(atoms::known<"exit">, reason, list());
}

/// `{M, F, Arity}` as `{M, F, ['Argument__1', …]}`, which is how crash reports have it.
term with_arguments(const term& initial_call) {
    const auto call = initial_call.tuple();
    std::vector<atom> arguments;
    for (std::uint32_t i = 1; i <= call[2].as<std::uint32_t>().value(); ++i)
        arguments.emplace_back("Argument__" + std::to_string(i));
    return tuple(initial_call.share(call[0]), initial_call.share(call[1]), arguments);
}

}  // namespace

term with_last_stack(const term& reason) {
    if (!lacks_its_stack(reason) || !has_listener(this_system(), log_level::error)) return reason;
    return tuple(reason.share(reason.tuple()[0]), stack_of_last_exception());
}

void log_crash(const term& reason, const term& initial_call, const term& ancestors) {
    if (!has_listener(this_system(), log_level::error)) return;
    const auto me = process_info(self());
    if (!me) return;
    std::vector<term> dictionary;
    for (const auto& [key, value] : me->dictionary)
        dictionary.emplace_back(tuple(key, value));
    const term name = me->registered_name ? term(me->registered_name) : term(list());
    const term about = list(tuple("initial_call"_a, with_arguments(initial_call)), tuple("pid"_a, self()),
                            tuple("registered_name"_a, name), tuple("error_info"_a, error_info(reason)),
                            tuple("ancestors"_a, ancestors),
                            tuple("message_queue_len"_a, me->message_queue_len), tuple("links"_a, me->links),
                            tuple("dictionary"_a, dictionary), tuple("trap_exit"_a, me->trap_exit),
                            tuple("status"_a, "running"_a), tuple("reductions"_a, me->reductions));
    log_report(log_level::error,
               term(map("label"_a, tuple("proc_lib"_a, "crash"_a), "report"_a, list(about, list()))), true);
}

void log_restart(const term& id, const term& ended, const pid& fresh) {
    system& here = this_system();
    if (!has_listener(here, log_level::info)) return;
    log_event e{log_level::info};
    e.process = self();
    e.module = "lifecycle"_a;
    e.domain = {"rakka"_a, "lifecycle"_a};
    e.text = "process " + term(fresh).to_string() + " takes the place of " + ended.to_string() +
             " as child " + id.to_string() + " of " + term(self()).to_string();
    e.more = {{"event"_a, "restart"_a}, {"id"_a, id}, {"previous"_a, ended}, {"child"_a, fresh}};
    tell(here, std::move(e));
}

}  // namespace rakka::detail
