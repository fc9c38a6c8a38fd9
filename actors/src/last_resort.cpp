#include "last_resort.hpp"

#include "exit_propagation.hpp"
#include "process_record.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/traits.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>

namespace rakka::detail {

namespace {

std::terminate_handler before = nullptr;

/// `<0.5.0>`, or `<0.5.0> (name)`.
std::string name_of(const process& self) {
    const atom name = atom::from_id(static_cast<std::uint32_t>(self.identity.load()));
    const std::string shown = term(self.pid()).to_string();
    return name ? fmt::format("{} ({})", shown, name.text()) : shown;
}

/// The reason of the exit that could not pass. Not that of one that was caught further out, while something
/// else was under way.
std::optional<term> stuck_exit() {
    if (std::uncaught_exceptions() > 0) return std::nullopt;
    try {
        if (const std::exception_ptr e = std::current_exception()) std::rethrow_exception(e);
    } catch (const process_exit& e) {
        return e.reason;
    } catch (...) {
    }
    return std::nullopt;
}

void say(const std::string& line) noexcept {
    std::fputs(line.c_str(), stderr);
}

[[noreturn]] void last_resort() {
    process* const self = current_process_or_null();
    if (self != nullptr && !self->final) {
        if (const auto reason = stuck_exit()) {
            say(
                fmt::format("rakka: process {} ends with reason {} in a destructor or noexcept function, "
                            "which no exit can "
                            "leave: what is further out on its stack is not destroyed. Code there that waits "
                            "or sends much "
                            "needs a rakka::defer_exit.\n",
                            name_of(*self), reason->to_string()));
            end_here(*self, *reason);
        }
    }
    if (self != nullptr) say(fmt::format("rakka: std::terminate was called in process {}\n", name_of(*self)));
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
