// The process behind a gen_server: takes messages apart, calls the callbacks, carries out what they decide.
#pragma once

#include <rakka/actors/handler.hpp>
#include <rakka/otp/gen_server.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace rakka::detail {

/// Where the starter waits for init: it gets `{Tag, ok}` or `{Tag, {error, Reason}}`.
struct starter {
    pid process;
    reference tag;
    bool linked = false;  // then it is the parent, whose exit ends a server that traps exits
};

/// One per server process; every function runs in that process. Erlang: gen_server:loop/7.
class gen_server_loop final : public message_handler {
public:
    using factory = std::function<std::unique_ptr<gen_server>()>;
    gen_server_loop(factory make, atom name, starter who,
                    std::optional<gen_server::milliseconds> hibernate_after)
        : make_(std::move(make)), name_(name), starter_(who), hibernate_after_(hibernate_after) {}

    next init() override;
    next handle(term message) override;
    next handle_timeout() override;

private:
    using result = gen_server::result;

    /// Registers the name; what start() fails with when it cannot.
    [[nodiscard]] std::optional<term> take_name();
    next start_server();
    /// Waits for the next message as the last callback wanted.
    [[nodiscard]] next wait();
    next on_call(gen::request request);
    next on_system(const gen::request& request);
    next suspended();
    next carry_out(result decided, const from* caller);
    template <class Callback>
    next run(Callback&& callback, const from* caller = nullptr);
    next end(term reason);
    [[nodiscard]] bool is_parent_exit(term_view message) const;
    void report_start_failure(const term& reason);
    [[nodiscard]] term state_for(const from& sender) const;

    factory make_;
    atom name_;
    starter starter_;
    std::optional<gen_server::milliseconds> hibernate_after_;
    std::unique_ptr<gen_server> server_;
    std::optional<gen_server::milliseconds> timeout_;  // of the last callback
    bool hibernate_ = false;                           // likewise
    bool suspended_ = false;
    bool idle_ = false;  // the timeout that runs is hibernate_after_
};

}  // namespace rakka::detail
