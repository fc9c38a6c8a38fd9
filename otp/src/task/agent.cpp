#include "behaviour/apply.hpp"
#include "supervisor/supervisor_calls.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/agent.hpp>

namespace rakka {
namespace detail {
namespace {

struct function_box {
    std::shared_ptr<agent_function> f;
};
/// The answer when the state is of another type.
struct wrong_type {};

/// Elixir: Agent.Server.
class agent_server final : public gen_server {
public:
    explicit agent_server(agent_factory make) : make_(std::move(make)) {}

    result init() override {
        state_ = std::exchange(make_, nullptr)();
        return noreply();
    }

    result handle_call(const term& request, const from& sender) override {
        if (!request.is_tuple(2)) return gen_server::handle_call(request, sender);
        const term what = request.share(request.tuple()[0]);
        const term f = request.share(request.tuple()[1]);
        const bool known =
            what.is_atom("get"_a) || what.is_atom("update"_a) || what.is_atom("get_and_update"_a);
        if (!known) return gen_server::handle_call(request, sender);
        if (const auto* const box = native_cast<function_box>(f.view()))
            return reply(box->f->run(*state_).value_or(make_native(wrong_type{})));
        const term now = state_->to_term();
        if (!now.has_value()) return gen_server::handle_call(request, sender);
        const term value = apply_callable(f, {now});
        if (what.is_atom("get"_a)) return reply(value);
        if (what.is_atom("update"_a)) return assign(value) ? reply(atoms::known<"ok">) : bad_return(value);
        const bool pair = value.is_tuple(2) && assign(value.share(value.tuple()[1]));
        return pair ? reply(value.share(value.tuple()[0])) : bad_return(value);
    }

    result handle_cast(const term& request) override {
        if (!request.is_tagged("cast"_a, 2)) return gen_server::handle_cast(request);
        const term f = request.share(request.tuple()[1]);
        if (const auto* const box = native_cast<function_box>(f.view())) {
            if (!box->f->run(*state_)) return gen_server::handle_cast(request);
            return noreply();
        }
        const term now = state_->to_term();
        if (!now.has_value()) return gen_server::handle_cast(request);
        const term value = apply_callable(f, {now});
        return assign(value) ? noreply() : bad_return(value);
    }

    [[nodiscard]] term state() const override {
        const term now = state_->to_term();
        return now.has_value() ? now : gen_server::state();
    }
    void replace_state(const term& state) override {
        if (!assign(state)) error(atoms::known<"badarg">);
    }
    /// `extra` is a function of the old state. Elixir: Agent.Server.code_change/3.
    void code_change(const term&, const term& extra) override {
        replace_state(apply_callable(extra, {state()}));
    }

private:
    bool assign(const term& value) { return state_->assign(value); }
    static result bad_return(const term& value) { return stop_with(tuple("bad_return_value"_a, value)); }

    agent_factory make_;
    std::unique_ptr<agent_state> state_;
};

term to_term(const mfargs& f) {
    return tuple(f.module, f.function, f.arguments);
}

term call(const server_ref& agent, const term& request, gen_server::wait_time timeout) {
    if (const registry_name* const kept = agent.kept()) return gen_server::call(*kept, request, timeout);
    return gen_server::call(*agent.resolve(), request, timeout);
}

void cast(const server_ref& agent, const term& request) {
    if (const registry_name* const kept = agent.kept()) return gen_server::cast(*kept, request);
    gen_server::cast(*agent.resolve(), request);
}

}  // namespace

start_result<pid> start_agent(agent_factory make, const start_options& options, bool link) {
    return link ? gen_server::start_link<agent_server>(options, std::move(make))
                : gen_server::start<agent_server>(options, std::move(make));
}

term call_agent(const server_ref& agent, atom what, std::shared_ptr<agent_function> f,
                gen_server::wait_time timeout) {
    require_own_node(agent);
    term answer = call(agent, tuple(what, make_native(function_box{std::move(f)})), timeout);
    if (native_cast<wrong_type>(answer.view()) != nullptr) error(atoms::known<"badarg">);
    return answer;
}

term call_agent(const server_ref& agent, atom what, const mfargs& f, gen_server::wait_time timeout) {
    return call(agent, tuple(what, to_term(f)), timeout);
}

void cast_agent(const server_ref& agent, std::shared_ptr<agent_function> f) {
    require_own_node(agent);
    cast(agent, tuple("cast"_a, make_native(function_box{std::move(f)})));
}

}  // namespace detail

void agent::cast(const server_ref& agent, const mfargs& f) {
    detail::cast(agent, tuple("cast"_a, detail::to_term(f)));
}

}  // namespace rakka
