#include "throw_trace.hpp"

#include "process_record.hpp"
#include "system_core.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/throw_trace.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <typeinfo>
#include <unwind.h>

extern "C" {
_Unwind_Reason_Code __gxx_personality_v0(int version, _Unwind_Action actions, _Unwind_Exception_Class kind,
                                         _Unwind_Exception* exception, _Unwind_Context* frame);
[[gnu::visibility("hidden"), gnu::used]] _Unwind_Reason_Code rakka_tracing_personality(
    int version, _Unwind_Action actions, _Unwind_Exception_Class kind, _Unwind_Exception* exception,
    _Unwind_Context* frame);
}

namespace rakka::detail {

namespace {

/// What stands before a thrown object. [Itanium C++ ABI: Exception Handling, 2.2.1]
struct cxa_exception {
    const std::type_info* type;
    void (*destroy)(void*);
    void (*unexpected)();
    void (*terminate)();
    cxa_exception* next;
    int handlers;  ///< not 0: it has been caught before
    int switch_value;
    const unsigned char* action;
    const unsigned char* language_data;
    std::uintptr_t catch_temp;
    void* adjusted;
    _Unwind_Exception unwind;
};

// "GNUCC++" and "CLNGC++" with a 0: a thrown object follows. With a 1 it stands elsewhere.
bool is_thrown_here(_Unwind_Exception_Class kind) noexcept {
    return (kind & 0xFF) == 0 && (kind >> 8 & 0xFFFFFF) == 0x432B2B;
}

/// exit() and the signals that end a process say by themselves why.
bool is_worth_it(const cxa_exception& header, const void* object) noexcept {
    if (*header.type != typeid(process_exit)) return true;
    return static_cast<const process_exit*>(object)->raised == process_exit::kind::error;
}

_Unwind_Reason_Code take_down(_Unwind_Context* frame, void* to) {
    auto& trace = *static_cast<throw_trace*>(to);
    if (trace.frames == throw_trace::most_frames) return _URC_END_OF_STACK;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): it is an address
    trace.returns[trace.frames++] = reinterpret_cast<const void*>(_Unwind_GetIP(frame));
    return _URC_NO_REASON;
}

void keep_trace(_Unwind_Exception_Class kind, _Unwind_Exception* exception) noexcept {
    if (!is_thrown_here(kind)) return;
    process* const self = current_process_or_null();
    if (self == nullptr || self->doomed || !self->system->log.wants_life(log_level::error)) return;
    const void* const object = exception + 1;
    const auto& header = *reinterpret_cast<const cxa_exception*>(reinterpret_cast<const char*>(exception) -
                                                                 offsetof(cxa_exception, unwind));
    if (!is_worth_it(header, object)) return;
    try {
        auto& kept = self->relate().occasionally().thrown;
        if (!kept) kept = std::make_unique<throw_trace>();
        if (header.handlers != 0 && kept->exception == object) return;  // it is thrown again
        kept->exception = object;
        kept->frames = 0;
        _Unwind_Backtrace(&take_down, kept.get());
    } catch (const std::bad_alloc&) {
        return;  // a crash without a trace
    }
}

bool begins_a_throw(std::string_view function) noexcept {
    return function.ends_with("__cxa_throw") || function.ends_with("__cxa_rethrow") ||
           function.ends_with("_Unwind_RaiseException");
}

/// The runtime's own functions, from the one that runs a process on.
bool is_below(std::string_view function) noexcept {
    return function.starts_with("rakka::detail::process::") || function.starts_with("rakka::detail::fiber");
}

/// Between the user's functions: the insides of Rakka and of the standard library.
bool is_inside(std::string_view function) noexcept {
    const std::string_view name = function.substr(0, function.find('('));
    return name.find("rakka::detail::") != std::string_view::npos ||
           name.find("std::__") != std::string_view::npos ||
           name.find("std::_Function_handler") != std::string_view::npos;
}

}  // namespace

std::vector<std::string> stack_of(const std::exception_ptr& exception, std::size_t most) {
    const process* const self = current_process_or_null();
    const void* object = nullptr;
    static_assert(sizeof(exception) == sizeof(object));
    std::memcpy(&object, &exception, sizeof(object));  // an exception_ptr is a pointer to what was thrown
    if (self == nullptr || !self->related || !self->related->seldom) return {};
    const throw_trace* const kept = self->related->seldom->thrown.get();
    if (kept == nullptr || (object != nullptr && kept->exception != object)) return {};
    std::vector<std::string> out;
    for (std::uint32_t i = 0; i < kept->frames; ++i) {
        // A return address may be the first byte of the next function already.
        const void* const in_call = static_cast<const char*>(kept->returns[i]) - 1;
        std::string function = function_at(in_call);
        if (begins_a_throw(function)) {
            out.clear();
        } else if (is_below(function) || out.size() == most) {
            break;
        } else if (!function.empty() && !is_inside(function)) {
            out.push_back(std::move(function));
        }
    }
    return out;
}

}  // namespace rakka::detail

_Unwind_Reason_Code rakka_tracing_personality(int version, _Unwind_Action actions,
                                              _Unwind_Exception_Class kind, _Unwind_Exception* exception,
                                              _Unwind_Context* frame) {
    const _Unwind_Reason_Code found = __gxx_personality_v0(version, actions, kind, exception, frame);
    if ((actions & _UA_SEARCH_PHASE) != 0 && found == _URC_HANDLER_FOUND)
        rakka::detail::keep_trace(kind, exception);
    return found;
}
