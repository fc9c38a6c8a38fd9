// Calls of supervisors, and their answers read back.
#pragma once

#include <rakka/otp/supervisor.hpp>

namespace rakka::detail {

/// Waits without end, as all of OTP's functions for supervisors do. Owner process.
[[nodiscard]] term call_supervisor(const server_ref& server, const term& request);
/// Exits with badarg when `server` is of another node, to which C++ functions cannot be sent. Owner process.
void require_own_node(const server_ref& server);

/// `{ok, Child}`, `{ok, Child, Info}`, `ignore` or `{error, Reason}`; anything else is an error as a whole.
[[nodiscard]] start_result<started_child> read_started(const term& answer);
/// `ok` or `{error, Reason}`.
[[nodiscard]] start_result<void> read_done(const term& answer);
[[nodiscard]] std::vector<child_info> read_children(const term& answer);
[[nodiscard]] std::optional<child_info> read_child(const term& line);
[[nodiscard]] child_counts read_counts(const term& answer);

}  // namespace rakka::detail
