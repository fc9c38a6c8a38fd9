#include "supervisor/supervisor_calls.hpp"

#include "supervisor/child_kind.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>

namespace rakka::detail {
namespace {

start_error error_in(const term& answer) {
    if (answer.is_tagged(atoms::known<"error">, 2))
        return start_error::because(answer.share(answer.tuple()[1]));
    return start_error::because(answer);
}

}  // namespace

term call_supervisor(const server_ref& server, const term& request) {
    if (const registry_name* const kept = server.kept()) return gen_server::call(*kept, request, infinity);
    return gen_server::call(*server.resolve(), request, infinity);
}

void require_own_node(const server_ref& server) {
    const auto to = server.resolve();
    if (!to) return;  // the call says so
    bool here = true;
    if (const auto* const p = std::get_if<pid>(&*to)) here = p->is_local();
    // As for a message: both the node's name and that of a node without one mean here.
    if (const auto* const name = std::get_if<registered_name>(&*to))
        here = name->node == this_system().node_name() || name->node == atoms::known<"nonode@nohost">;
    if (!here) rakka::error(atoms::known<"badarg">);
}

start_result<started_child> read_started(const term& answer) {
    if (answer.is_atom(atoms::known<"ignore">)) return started_child{};
    const bool ok = answer.is_tagged(atoms::known<"ok">, 2) || answer.is_tagged(atoms::known<"ok">, 3);
    if (!ok) return error_in(answer);
    started_child started;
    if (const auto child = answer.tuple()[1].as<pid>()) started.process = *child;
    if (answer.tuple().size() == 3) started.info = answer.share(answer.tuple()[2]);
    return started;
}

start_result<void> read_done(const term& answer) {
    if (answer.is_atom(atoms::known<"ok">)) return {};
    return error_in(answer);
}

std::optional<child_info> read_child(const term& line) {
    if (!line.is_tuple(4)) return std::nullopt;
    child_info c;
    c.id = line.share(line.tuple()[0]);
    if (const auto process = line.tuple()[1].as<pid>()) {
        c.process = *process;
        c.what = child_info::state::running;
    } else if (line.tuple()[1].is_atom("restarting"_a)) {
        c.what = child_info::state::restarting;
    }
    c.type = line.tuple()[2].is_atom("supervisor"_a) ? child_type::supervisor : child_type::worker;
    c.modules = line.share(line.tuple()[3]);
    return c;
}

std::vector<child_info> read_children(const term& answer) {
    std::vector<child_info> all;
    for (const term& line : elements_of(answer).value_or(std::vector<term>()))
        if (auto c = read_child(line)) all.push_back(*std::move(c));
    return all;
}

child_counts read_counts(const term& answer) {
    child_counts counts;
    for (const term& pair : elements_of(answer).value_or(std::vector<term>())) {
        if (!pair.is_tuple(2)) continue;
        const auto n = pair.tuple()[1].as<std::size_t>();
        if (!n) continue;
        if (pair.is_tagged("specs"_a, 2)) counts.specs = *n;
        if (pair.is_tagged("active"_a, 2)) counts.active = *n;
        if (pair.is_tagged("supervisors"_a, 2)) counts.supervisors = *n;
        if (pair.is_tagged("workers"_a, 2)) counts.workers = *n;
    }
    return counts;
}

}  // namespace rakka::detail
