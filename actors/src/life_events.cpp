// Births, ends and crashes of processes, as events for the log.
#include "start_process.hpp"
#include "system_log.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/print.hpp>

#include <boost/core/demangle.hpp>
#include <fmt/format.h>

#include <cxxabi.h>
#include <optional>
#include <typeinfo>
#include <utility>

namespace rakka::detail {

namespace {

atom lifecycle() {
    static const atom name("lifecycle");
    return name;
}

log_event event_of(const process& p, log_level level) {
    log_event e{level, p.pid()};
    e.group_leader = p.leader;
    e.module = lifecycle();
    e.domain = {lifecycle()};
    return e;
}

/// Of a reason, which may be of any size.
constexpr std::size_t longest_reason = std::size_t{64} << 10;

std::string words_of(const term& reason) {
    return to_string(reason, {.max_chars = longest_reason});
}

std::string code_name(const process_code& code) {
    if (code.body) return boost::core::demangle(code.body->code().name());
    const message_handler& handler = *code.handler;
    return boost::core::demangle(typeid(handler).name());
}

std::optional<pid> parent_of(const process& p) {
    const std::uint64_t packed = p.parent.load(std::memory_order_relaxed);
    if (packed == 0) return std::nullopt;
    return pid{
        {}, static_cast<std::uint32_t>(packed), static_cast<std::uint32_t>(packed >> 32), p.system->origin};
}

std::string shown(const pid& p, atom name) {
    const std::string number = term(p).to_string();
    return name ? fmt::format("{} ({})", number, name.text()) : number;
}

/// What the handler that is being run has caught.
struct crash {
    bool is_told = false;   ///< an error or a throw, not an exit
    std::string type{};     ///< of a C++ exception
    std::string message{};  ///< likewise
};

crash look_at(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const process_exit& e) {
        return {e.raised == process_exit::kind::error};
    } catch (const term&) {
        return {true};
    } catch (const std::exception& e) {
        return {true, boost::core::demangle(typeid(e).name()), e.what()};
    } catch (...) {
        const std::type_info* const type = abi::__cxa_current_exception_type();
        return {true, type == nullptr ? "unknown" : boost::core::demangle(type->name())};
    }
}

void tell_crash(process& self, const crash& what, const term& reason, const std::vector<std::string>& stack) {
    log_event e = event_of(self, log_level::error);
    e.text = fmt::format("Error in process {} with exit value:\n{}", name_of(self), words_of(reason));
    if (!what.type.empty())
        e.text += fmt::format("\n{}{}{}", what.type, what.message.empty() ? "" : ": ", what.message);
    for (const std::string& function : stack)
        e.text += "\n    in " + function;
    e.more = {{"event"_a, "crash"_a}, {"reason"_a, reason}};
    if (!what.type.empty()) {
        e.more.emplace_back("exception"_a, what.type);
        e.more.emplace_back("message"_a, what.message);
    }
    if (!stack.empty()) e.more.emplace_back("stacktrace"_a, stack);
    tell(*self.system, std::move(e));
}

}  // namespace

void tell_spawned(const process& child, const process_code& code, atom name) noexcept {
    try {
        log_event e = event_of(child, log_level::debug);
        const std::string what = code_name(code);
        const auto parent = parent_of(child);
        e.text = fmt::format("process {} spawned{}{}, runs {}", shown(child.pid(), name),
                             parent ? " by " : "", parent ? term(*parent).to_string() : "", what);
        e.more = {{"event"_a, "spawn"_a}, {"initial_call"_a, what}};
        if (parent) e.more.emplace_back("parent"_a, *parent);
        if (name) e.more.emplace_back("registered_name"_a, name);
        tell(*child.system, std::move(e));
    } catch (...) {
        return;  // no memory to say so
    }
}

void tell_ended(process& self, const term& reason) noexcept {
    // A level of a single process asks for the end of that one only: it is not worth the text of all others.
    const log_receiver* const logger = self.system->log.receiver();
    if (logger == nullptr || !logger->wants(log_level::debug, lifecycle(), self.pid())) return;
    try {
        log_event e = event_of(self, log_level::debug);
        e.text = fmt::format("process {} ended with reason {}", name_of(self), words_of(reason));
        e.more = {{"event"_a, "exit"_a}, {"reason"_a, reason}};
        tell(*self.system, std::move(e));
    } catch (...) {
        return;  // no memory to say so
    }
}

term reason_of_crash(process& self) noexcept {
    const std::exception_ptr exception = std::current_exception();
    term reason = exit_reason_of(exception);
    if (self.doomed || !self.system->log.wants_life(log_level::error)) return reason;
    try {
        const crash what = look_at(exception);
        if (what.is_told) tell_crash(self, what, reason, stack_of(exception));
    } catch (...) {
        return reason;  // no memory to say so
    }
    return reason;
}

}  // namespace rakka::detail
