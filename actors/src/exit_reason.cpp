#include "exit_propagation.hpp"
#include "process_record.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/etf/build.hpp>

#include <boost/core/demangle.hpp>

#include <cxxabi.h>
#include <string>
#include <typeinfo>

namespace rakka {

namespace {

term cpp_exception(const std::string& type, const char* what) {
    static const atom name("cpp_exception");
    return tuple(tuple(name, type, what), list());
}

[[noreturn]] void raise(term reason, process_exit::kind how) {
    detail::process* const self = detail::current_process_or_null();
    if (self != nullptr && (self->final || std::uncaught_exceptions() > 0)) detail::end_here(*self, reason);
    throw process_exit{std::move(reason), how};
}

}  // namespace

void exit(term reason) {
    raise(std::move(reason), process_exit::kind::exit);
}

void error(term reason) {
    raise(tuple(std::move(reason), list()), process_exit::kind::error);
}

term exit_reason_of(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const process_exit& e) {
        return e.reason;
    } catch (const term& thrown) {
        static const atom nocatch("nocatch");
        return tuple(tuple(nocatch, thrown), list());
    } catch (const std::exception& e) {
        return cpp_exception(boost::core::demangle(typeid(e).name()), e.what());
    } catch (...) {
        const std::type_info* const type = abi::__cxa_current_exception_type();
        return cpp_exception(type == nullptr ? "unknown" : boost::core::demangle(type->name()), "");
    }
}

}  // namespace rakka

namespace rakka::detail {

bool ended_by_signal() noexcept {
    const process* const self = current_process_or_null();
    return self != nullptr && self->doomed;
}

}  // namespace rakka::detail
