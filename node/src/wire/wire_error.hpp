// Why a connection must be closed: the error code and a sentence for the log that carries no bytes of the
// peer's data.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/node/errc.hpp>

#include <string>
#include <utility>

namespace rakka::wire {

/// The end of a conversation. `text` names the step, the operation and what was wrong with it; numbers in it
/// are lengths, counts and operation codes, never contents of messages.
struct wire_error {
    error_code code;
    std::string text;
};

/// A value, or why the connection cannot go on.
template <class T>
using wire_result = boost::system::result<T, wire_error>;

inline wire_error bad_frame(std::string text) {
    return {node_errc::bad_frame, std::move(text)};
}
inline wire_error bad_control(std::string text) {
    return {node_errc::bad_control_message, std::move(text)};
}
inline wire_error over_limit(std::string text) {
    return {node_errc::limit_exceeded, std::move(text)};
}

/// What value() of a failed wire_result throws; found by Boost.System through the namespace of wire_error.
[[noreturn]] inline void throw_exception_from_error(const wire_error& e,
                                                    const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(e.code, e.text), where);
}

}  // namespace rakka::wire
