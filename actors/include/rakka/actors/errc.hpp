// Errors of the actors component that reach a caller as an error_code.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>

#include <type_traits>

namespace rakka {

/// What a system refused. Convertible to boost::system::error_code.
enum class actors_errc {
    system_limit = 1,  ///< every process slot is taken: raise system_options::max_processes
    stopping,          ///< the system is being stopped and starts no new process
    name_taken,        ///< another process has this registered name
    already_named,     ///< the process has a registered name already (Erlang allows one)
    no_process,        ///< no such living process in this system
    bad_name,          ///< `undefined` cannot be a registered name
    no_such_name,      ///< no process is registered under this name
    no_timer,          ///< no such timer: fired, cancelled or never started
    no_memory,         ///< not enough memory, or address space for a stack
    no_thread,         ///< the operating system gave no thread: see its limits on processes
};

const boost::system::error_category& actors_category() noexcept;

inline boost::system::error_code make_error_code(actors_errc e) noexcept {
    return {static_cast<int>(e), actors_category()};
}

}  // namespace rakka

template <>
struct boost::system::is_error_code_enum<rakka::actors_errc> : std::true_type {};
