// A gen_server of Rakka's own that is another behaviour to the outside: supervisors are, as in OTP.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/term.hpp>

namespace rakka::detail {

/// A second base of such a server; its loop looks for it when somebody asks what the process is.
class server_guise {
public:
    virtual ~server_guise() = default;
    /// The user's class.
    [[nodiscard]] virtual atom callback_module() const = 0;
    /// What `'$initial_call'` says, `{supervisor, Module, 1}`.
    [[nodiscard]] virtual term initial_call() const = 0;
    /// One more part of Misc in get_status, `{supervisor, [{"Callback", Module}]}`.
    [[nodiscard]] virtual term status_part() const = 0;
};

}  // namespace rakka::detail
