// What a dying process owes its links, its monitors and the signals that still reach it.
#pragma once

#include "process_record.hpp"

#include <rakka/etf/term.hpp>

#include <cstdint>

namespace rakka::detail {

enum class slot_fate : std::uint8_t {
    recycle,
    keep,  ///< a stack that is never unwound still refers to it
};

/// Ends a process whose code has run: name, timers, links and monitors go, late signals are answered, the
/// slot becomes free. Owner process; with `recycle` the object belongs to somebody else afterwards.
void finish(process& self, const term& reason, slot_fate fate) noexcept;

/// Ends the calling process where it stands, without unwinding: when an exception is under way already, or
/// cannot get through. Slot and stack stay as they are until the system ends. Never returns.
[[noreturn]] void end_here(process& self, const term& reason) noexcept;

}  // namespace rakka::detail
