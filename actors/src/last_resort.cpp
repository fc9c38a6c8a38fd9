#include "last_resort.hpp"

#include "exit_propagation.hpp"
#include "process_record.hpp"
#include "system_core.hpp"
#include "system_log.hpp"

#include <rakka/actors/exit_reason.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace rakka::detail {

namespace {

std::terminate_handler before = nullptr;

/// The reason of the exit that could not pass. Not that of one that was caught further out, while something
/// else was under way.
std::optional<term> stuck_exit() {
    if (std::uncaught_exceptions() > 0) return std::nullopt;
    try {
        if (const std::exception_ptr e = std::current_exception()) std::rethrow_exception(e);
    } catch (const process_exit& e) {
        return e.reason;
    } catch (...) {
        return std::nullopt;
    }
    return std::nullopt;
}

void say(const process& self, std::string text) {
    tell(*self.system, {log_level::error, self.pid(), std::move(text)});
}

[[noreturn]] void last_resort() {
    process* const self = current_process_or_null();
    if (self != nullptr && !self->final) {
        if (const auto reason = stuck_exit()) {
            say(*self, fmt::format("process {} ends with reason {} in a destructor or another noexcept "
                                   "function, which no exit can leave: what is further out on its stack is "
                                   "not destroyed. Code there that waits or sends much needs a "
                                   "rakka::defer_exit.",
                                   name_of(*self), reason->to_string()));
            end_here(*self, *reason);
        }
    }
    if (self != nullptr) say(*self, fmt::format("std::terminate was called in process {}", name_of(*self)));
    if (before != nullptr) before();
    std::abort();
}

}  // namespace

void install_last_resort() noexcept {
    static const bool installed = [] {
        before = std::set_terminate(&last_resort);
        return true;
    }();
    static_cast<void>(installed);
}

}  // namespace rakka::detail
