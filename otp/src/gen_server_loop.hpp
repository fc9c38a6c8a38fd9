// The process behind a gen_server: takes messages apart, calls the callbacks, carries out what they decide.
#pragma once

#include <rakka/actors/handler.hpp>
#include <rakka/otp/gen_server.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

namespace rakka::detail {

/// What is needed until the server has started. The starter waits for init: it gets `{Tag, ok}` or
/// `{Tag, {error, Reason}}`.
struct server_start {
    std::function<std::unique_ptr<gen_server>()> make;
    pid starter;
    reference tag;
    bool linked = false;  // then the starter is the parent, whose exit ends a server that traps exits
};

/// One per server process; every function runs in that process. Erlang: gen_server:loop/7.
class gen_server_loop final : public message_handler {
public:
    gen_server_loop(server_start start, atom name, std::optional<gen_server::milliseconds> hibernate_after)
        : start_(std::make_unique<server_start>(std::move(start))),
          name_(name),
          hibernate_after_(hibernate_after ? std::max(*hibernate_after, gen_server::milliseconds(0))
                                           : forever) {}

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
    next on_call(const gen::request& request);
    next on_system(const gen::request& request);
    next suspended();
    next carry_out(result decided, const from* caller);
    template <class Callback>
    next run(Callback&& callback, const from* caller = nullptr);
    next end(term reason);
    [[nodiscard]] bool is_parent_exit(term_view message) const;
    void report_start_failure(const term& reason);
    [[nodiscard]] term state_for(const from& sender) const;

    static constexpr gen_server::milliseconds forever{-1};

    // Idle servers are many: nothing here that is not needed later.
    std::unique_ptr<server_start> start_;  // gone when it has started
    std::unique_ptr<gen_server> server_;
    pid parent_;  // none: started without a link
    atom name_;
    bool has_timeout_ = false;  // of the last callback
    bool hibernate_ = false;    // likewise
    bool suspended_ = false;
    bool idle_ = false;  // the timeout that runs is hibernate_after_
    gen_server::milliseconds timeout_{};
    gen_server::milliseconds hibernate_after_;
};

}  // namespace rakka::detail
