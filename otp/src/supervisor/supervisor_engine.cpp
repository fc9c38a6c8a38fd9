#include "supervisor/supervisor_engine.hpp"

#include "log/report.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>

namespace rakka::detail {

bool supervisor_engine::may_restart() {
    return limit_.allow(this_system().now());
}

void supervisor_engine::rest() {
    limit_.purge(this_system().now());
}

void supervisor_engine::restarted(const term& id, const pid& last, const pid& fresh) {
    if (!restarts_) {
        const bool has_name = name_.is_tuple(2) && name_.tuple()[0].is(kind::atom);  // else {Pid, Module}
        restarts_ = restarts_of(this_system(), has_name ? name_.tuple()[1].to_string() : "unnamed");
    }
    restarts_->inc();
    log_restart(id, last ? term(last) : term(atoms::known<"undefined">), fresh);
}

bool is_orderly(const term& reason) noexcept {
    return reason.is_atom(atoms::known<"normal">) || reason.is_atom(atoms::known<"shutdown">) ||
           reason.is_tagged(atoms::known<"shutdown">, 2);
}

term reply_for(const start_answer& answer) {
    const bool ignored = !answer.child() && !answer.error().has_value();
    return ignored ? term(tuple(atoms::known<"ok">, atoms::known<"undefined">)) : answer.to_term();
}

term restarting(const pid& last) {
    return tuple("restarting"_a, last ? term(last) : term(atoms::known<"undefined">));
}

}  // namespace rakka::detail
