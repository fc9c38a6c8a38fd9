// Requests of behaviours whose label is another than `'$gen_call'`.
#pragma once

#include <rakka/otp/requests.hpp>

namespace rakka::detail {

/// send_request() with this label. Owner process. Erlang: gen:send_request/3.
[[nodiscard]] request_id send_labelled_request(const server_ref& server, const term& label,
                                               const term& request);

}  // namespace rakka::detail
