#include "supervisor/dynamic_children.hpp"
#include "supervisor/supervisor_calls.hpp"
#include "supervisor/supervisor_process.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/dynamic_supervisor.hpp>

#include <utility>

namespace rakka {
namespace {

class given_options final : public dynamic_supervisor {
public:
    explicit given_options(dynamic_supervisor_options given) : given_(std::move(given)) {}
    std::optional<dynamic_supervisor_options> init() override { return given_; }

private:
    dynamic_supervisor_options given_;
};

start_result<started_child> send_start(const server_ref& server, detail::dynamic_start start) {
    detail::require_own_node(server);
    return dynamic_supervisor::start_child(server, make_native(std::move(start)));
}

}  // namespace

start_result<pid> dynamic_supervisor::start_module(factory make, atom module, start_options options) {
    const server_name name = options.name;
    return gen_server::start_link<detail::dynamic_supervisor_process>(std::move(options), std::move(make),
                                                                      module, name);
}

start_result<pid> dynamic_supervisor::start_link(dynamic_supervisor_options limits, start_options options) {
    auto given = std::make_shared<dynamic_supervisor_options>(std::move(limits));
    return start_module([given] { return std::make_unique<given_options>(std::move(*given)); },
                        "dynamic_supervisor"_a, std::move(options));
}

start_result<started_child> dynamic_supervisor::start_child(const server_ref& server, shared_child_spec kind,
                                                            std::vector<term> arguments) {
    return send_start(server, {std::move(kind), std::move(arguments)});
}

start_result<started_child> dynamic_supervisor::start_child(const server_ref& server, const child_spec& spec,
                                                            std::vector<term> arguments) {
    return send_start(server, {std::make_shared<const child_spec>(spec), std::move(arguments), true});
}

start_result<started_child> dynamic_supervisor::start_child(const server_ref& server, const term& spec) {
    return detail::read_started(detail::call_supervisor(server, tuple("start_child"_a, spec)));
}

start_result<void> dynamic_supervisor::terminate_child(const server_ref& server, const pid& child) {
    return supervisor::terminate_child(server, child);
}

std::vector<child_info> dynamic_supervisor::which_children(const server_ref& server) {
    return supervisor::which_children(server);
}

child_counts dynamic_supervisor::count_children(const server_ref& server) {
    return supervisor::count_children(server);
}

}  // namespace rakka
