#include "supervisor/child_kind.hpp"
#include "supervisor/supervisor_calls.hpp"
#include "supervisor/supervisor_process.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/etf/order.hpp>
#include <rakka/otp/supervisor.hpp>

#include <unordered_set>
#include <utility>

namespace rakka {
namespace {

template <class Specs>
start_result<void> check_each(const Specs& specs, detail::mode_to_check mode) {
    std::unordered_set<term> ids;
    for (const auto& spec : specs) {
        const auto kind = detail::check_spec(spec, mode);
        if (!kind) return start_error::because(kind.error().reason);
        if (!ids.insert(kind->id).second)
            return start_error::because(tuple("duplicate_child_name"_a, kind->id));
    }
    return {};
}

}  // namespace

start_result<pid> supervisor::start_module(factory make, atom module, start_options options) {
    return detail::start_supervisor(std::make_unique<detail::class_source>(std::move(make)), module,
                                    std::move(options));
}

start_result<pid> supervisor::start_function(init_function init, start_options options) {
    return detail::start_supervisor(std::make_unique<detail::function_source>(std::move(init)),
                                    "supervisor"_a, std::move(options));
}

start_result<pid> supervisor::start_exported(atom module, term argument, start_options options) {
    return detail::start_supervisor(std::make_unique<detail::exported_source>(module, std::move(argument)),
                                    module, std::move(options));
}

start_result<pid> supervisor::start_link(supervisor_flags flags, std::vector<child_spec> children,
                                         start_options options) {
    return start_function([all = setup{flags, std::move(children)}] { return std::optional(all); },
                          std::move(options));
}

start_result<started_child> supervisor::start_child(const server_ref& server, const child_spec& spec) {
    if (!spec.start.call()) {  // names only: for any node
        const auto kind = detail::check_spec(spec, std::nullopt);
        if (!kind) return start_error::because(kind.error().reason);
        return start_child(server, detail::to_spec(*kind));
    }
    detail::require_own_node(server);
    return start_child(server, make_native(spec));
}

start_result<started_child> supervisor::start_child(const server_ref& server, const term& spec_or_arguments) {
    return detail::read_started(detail::call_supervisor(server, tuple("start_child"_a, spec_or_arguments)));
}

start_result<void> supervisor::terminate_child(const server_ref& server, const term& id) {
    return detail::read_done(detail::call_supervisor(server, tuple("terminate_child"_a, id)));
}

start_result<started_child> supervisor::restart_child(const server_ref& server, const term& id) {
    return detail::read_started(detail::call_supervisor(server, tuple("restart_child"_a, id)));
}

start_result<void> supervisor::delete_child(const server_ref& server, const term& id) {
    return detail::read_done(detail::call_supervisor(server, tuple("delete_child"_a, id)));
}

std::vector<child_info> supervisor::which_children(const server_ref& server) {
    return detail::read_children(detail::call_supervisor(server, "which_children"_a));
}

start_result<child_info> supervisor::which_child(const server_ref& server, const term& id) {
    const term answer = detail::call_supervisor(server, tuple("which_child"_a, id));
    if (answer.is_tagged(atoms::known<"ok">, 2))
        if (auto child = detail::read_child(answer.share(answer.tuple()[1]))) return *std::move(child);
    return detail::read_done(answer).error();
}

child_counts supervisor::count_children(const server_ref& server) {
    return detail::read_counts(detail::call_supervisor(server, "count_children"_a));
}

start_result<term> supervisor::get_childspec(const server_ref& server, const term& id) {
    const term answer = detail::call_supervisor(server, tuple("get_childspec"_a, id));
    if (answer.is_tagged(atoms::known<"ok">, 2)) return answer.share(answer.tuple()[1]);
    return detail::read_done(answer).error();
}

start_result<void> supervisor::check_childspecs(const std::vector<child_spec>& children,
                                                std::optional<auto_mode> mode) {
    return check_each(children, mode);
}

start_result<void> supervisor::check_childspecs(const term& children, std::optional<auto_mode> mode) {
    const auto specs = detail::elements_of(children);
    if (!specs) return start_error::because(tuple(atoms::known<"badarg">, children));
    return check_each(*specs, mode);
}

}  // namespace rakka
