// `rex`, the server that rpc's older forms and C nodes send their calls to. [protocol §rex]
#pragma once

#include <rakka/actors/handler.hpp>

#include <memory>

namespace rakka::detail {

struct node_core;

/// Serves, as rpc.erl does:
///
///     {'$gen_call', From, {call, M, F, A, GL}}         in a process of its own; the value, or {badrpc,
///     Reason}
///     {'$gen_call', From, {block_call, M, F, A, GL}}   the same; rex serves nothing else until it has ended
///     {'$gen_cast', {cast, M, F, A, GL}}               in a process of its own, no answer
///     {From, {call, M, F, A, GL}}                      as a call, answered with {rex, Value}
///     {From, {sbcast, Name, Message}}                  Message to Name, then {rex, Node, Node} to From, or
///                                                      {rex, Node, {nonexisting_name, Name}}
///     {From, {send, Name, Message}}                    {From, Message} to Name; an answer only when there is
///                                                      no such name
///     {From, features_request}                         {features_reply, Node, [erpc]}
///
/// GL, the group leader of the call, is a pid, `user`, or in the fourth form `send_stdout_to_caller`: see
/// stdout_leader.hpp. A call whose process is ended by a signal is answered with {badrpc, {'EXIT', Reason}}:
/// nobody waits in vain. Anything else is ignored, as there, `stop` included.
[[nodiscard]] std::unique_ptr<message_handler> make_rex(std::shared_ptr<node_core> core);

}  // namespace rakka::detail
