// Aliases: references that accept messages for their process until they are taken back.
#pragma once

#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/term.hpp>

namespace rakka {

struct alias_options {
    bool reply = false;  ///< ends with the first message that comes in through it
    /// A priority alias: what is sent through it with send_flags::priority, and the 'EXIT' messages of exit
    /// signals sent through it with exit_options::priority, come before the ordinary messages in the mailbox,
    /// behind earlier ones of the kind. For the few messages that cannot wait until all others are served: a
    /// mailbox is not made for many of them. Erlang: `alias([priority])` (OTP 28).
    bool priority = false;
};

struct exit_options {
    /// When it becomes an 'EXIT' message of the owner of a priority alias, that is a priority message. The
    /// signal itself is not faster than others.
    bool priority = false;
};

/// A new alias of the caller. Messages sent to it arrive as if sent to the process while it is active, and
/// vanish afterwards. Owner process. Erlang: `alias/0,1`.
[[nodiscard]] reference alias(const alias_options& options = {});

/// Ends an alias made by alias() or monitor(); a monitor with that reference stays. False when it was not
/// active. Owner process. Erlang: `unalias/1`.
bool unalias(const reference& ref);

/// Sends an exit signal to the owner of an alias; lost when it is not active. An alias that ends with a first
/// message does not end with this. Nodes older than OTP 28 cannot be told: lost as well. Owner process.
/// Erlang: `exit/2,3` (OTP 28).
void exit(const reference& alias, term reason, const exit_options& options = {});

}  // namespace rakka
