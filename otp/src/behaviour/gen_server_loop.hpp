// The process behind a gen_server: takes messages apart, calls the callbacks, carries out what they decide.
#pragma once

#include "behaviour/behaviour.hpp"

#include <rakka/otp/gen_server.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

namespace rakka::detail {

/// One per server process; every function runs in that process. Erlang: gen_server:loop/7.
class gen_server_loop final : public behaviour {
public:
    using factory = std::function<std::unique_ptr<gen_server>()>;

    gen_server_loop(factory make, std::optional<milliseconds> hibernate_after)
        : make_(std::make_unique<factory>(std::move(make))), hibernate_after_(limit_of(hibernate_after)) {}
    /// For a server that is there already and needs no init.
    gen_server_loop(std::unique_ptr<gen_server> server, std::optional<milliseconds> hibernate_after)
        : server_(std::move(server)), hibernate_after_(limit_of(hibernate_after)) {}

    next handle(term message) override;
    next handle_timeout() override;

private:
    using result = gen_server::result;

    next begin() override;
    next wait() override;
    next end(term reason) override;
    [[nodiscard]] atom behaviour_module() const noexcept override { return atoms::known<"gen_server">; }
    [[nodiscard]] atom callback_module() const override;
    [[nodiscard]] bool knows_module() const noexcept override { return server_ != nullptr; }
    [[nodiscard]] term initial_call() const override;
    [[nodiscard]] term state() const override { return server_->state(); }
    term replace_state(const std::function<term(const term&)>& change) override;
    [[nodiscard]] term status(term_view running_or_suspended, const term& logged) override;
    [[nodiscard]] std::optional<term> change_code(const term& module, const term& old_version,
                                                  const term& extra) override;
    [[nodiscard]] event_format format() const noexcept override;

    [[nodiscard]] result asked_to_init();
    next on_cast(const term& message);
    next on_other(term& message);
    next on_call(const gen::request& request);
    next carry_out(result&& decided, const from* caller);
    [[nodiscard]] result on_continue(const term& what);
    next wait_as(const result& decided);
    [[nodiscard]] term reply_to_nobody(const result& decided) const;
    template <class Callback>
    next run(const term& message, Callback&& callback, const from* caller = nullptr);
    void tell_of(const result& decided, const from* caller);
    /// A callback, which a trace of calls may want to see. `argument`: the first; none: of init.
    template <class Callback>
    result call(const char* function, const term& argument, const from* caller, Callback&& callback) {
        if (!in_sight()) [[likely]]
            return callback();
        return call_in_sight(function, argument, caller, std::ref(callback));
    }
    [[nodiscard]] result call_in_sight(const char* function, const term& argument, const from* caller,
                                       const std::function<result()>& callback);
    [[nodiscard]] term shown(const result& decided, bool of_init);
    [[nodiscard]] term end_report(const term& reason) const;

    /// While it lives, the message is the one that is being handled: shown when the server crashes.
    class message_scope {
    public:
        message_scope(const term*& place, const term& message) noexcept : place_(place) { place_ = &message; }
        ~message_scope() { place_ = nullptr; }
        message_scope(const message_scope&) = delete;
        message_scope& operator=(const message_scope&) = delete;

    private:
        const term*& place_;
    };

    static constexpr milliseconds forever{-1};
    static milliseconds limit_of(std::optional<milliseconds> d) {
        return d ? std::max(*d, milliseconds(0)) : forever;
    }

    // Idle servers are many: nothing here that is not needed later, and the flags beside those of the base.
    bool has_timeout_ = false;       // of the last callback
    bool hibernate_ = false;         // likewise
    bool idle_ = false;              // the timeout that runs is hibernate_after_
    std::unique_ptr<factory> make_;  // gone when it has started
    std::unique_ptr<gen_server> server_;
    const term* message_ = nullptr;  // see message_scope
    milliseconds timeout_{};
    milliseconds hibernate_after_;
};

// A block of malloc's holds eight bytes more, in steps of sixteen.
static_assert(sizeof(gen_server_loop) <= 88 || sizeof(void*) != 8);

}  // namespace rakka::detail
