#include "services/post_reply.hpp"

#include "connection/node_core.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

namespace rakka::detail {
namespace {

/// Where a reply goes: to the alias in the tag, if there is one.
destination reply_destination(const from& to) {
    term_view tag = to.tag;
    for (int wrapped = 0; wrapped < 2 && tag.is(kind::list); ++wrapped) {
        const auto cells = tag.list();
        const auto ref = cells.tail().as<reference>();
        if (cells.head().is_atom(atoms::known<"alias">) && ref) return *ref;
        tag = cells.head();
    }
    return to.client;
}

}  // namespace

void post_reply(node_core& core, const from& to, const term& value) {
    if (to.client.is_local()) return reply(to, value);
    core.outbound.post(self(), reply_destination(to), tuple(to.tag, value));
}

}  // namespace rakka::detail
