// The process behind a gen_event manager: takes messages apart, calls its handlers, carries out what they
// decide.
#pragma once

#include "behaviour/behaviour.hpp"
#include "event/event_handlers.hpp"

#include <rakka/otp/gen_event.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>

namespace rakka::detail {

/// One per manager; every function runs in its process. Erlang: gen_event:loop/6.
class gen_event_loop final : public behaviour {
public:
    explicit gen_event_loop(std::optional<milliseconds> hibernate_after)
        : hibernate_after_(hibernate_after ? std::max(*hibernate_after, milliseconds(0)) : forever) {}

    next handle(term message) override;
    next handle_timeout() override;

private:
    using result = event_handler::result;
    using callback = result (event_handler::*)(const term&);

    next begin() override;
    next wait() override;
    next end(term reason) override;
    [[nodiscard]] atom behaviour_module() const noexcept override;
    [[nodiscard]] atom callback_module() const override { return behaviour_module(); }
    [[nodiscard]] term initial_call() const override;
    [[nodiscard]] term state() const override;
    term replace_state(const std::function<term(const term&)>& change) override;
    [[nodiscard]] term status(term_view running_or_suspended, const term& logged) override;
    [[nodiscard]] std::optional<term> change_code(const term& module, const term& old_version,
                                                  const term& extra) override;
    [[nodiscard]] event_format format() const noexcept override;
    [[nodiscard]] bool has_many_modules() const noexcept override { return true; }

    // -- messages
    void on_message(const term& message);
    void on_exit(const term& message);
    /// The reply; nothing when it is no request of gen_event's.
    [[nodiscard]] std::optional<term> answer_to(const term& body);
    [[nodiscard]] std::optional<term> answer_about_handlers(const term& body);
    [[nodiscard]] term on_call(const term& handler, const term& request);
    [[nodiscard]] term on_add(const term& handler, const term& args, const pid& supervisor);
    [[nodiscard]] term on_delete(const term& handler, const term& args);
    /// `supervisor`: of swap_sup_handler; empty: that of the old one.
    [[nodiscard]] term on_swap(tuple_view request, const term& body, const pid& supervisor);

    // -- callbacks of the handler at `at`, which a trace of calls may want to see
    [[nodiscard]] result call(std::size_t at, const term& what, callback f) {
        if (!in_sight()) [[likely]]
            return (handlers_[at].object.get()->*f)(what);
        return call_in_sight(at, what, f);
    }
    [[nodiscard]] event_handler::answer call(std::size_t at, const term& request) {
        if (!in_sight()) [[likely]]
            return handlers_[at].object->handle_call(request);
        return call_in_sight(at, request);
    }
    [[nodiscard]] result call_in_sight(std::size_t at, const term& what, callback f);
    [[nodiscard]] event_handler::answer call_in_sight(std::size_t at, const term& request);
    [[nodiscard]] static term shown(const result& decided, const term& state);

    // -- handlers
    void notify(const term& what, callback f);
    /// False: the handler that was at `at` is gone, and so its place.
    [[nodiscard]] bool carry_out(std::size_t at, result decided, const term& last_message);
    [[nodiscard]] bool swap_in_place(std::size_t at, result decided);
    /// Makes a handler and places it at `at`. Nothing: done; else what Erlang's init would have given.
    /// `last_words`: of the one that it replaces.
    [[nodiscard]] std::optional<term> install(std::size_t at, const new_handler& what, const pid& supervisor,
                                              const term* last_words);
    /// What its terminate gives. It is out of the list.
    [[nodiscard]] static term last_words_of(const installed_handler& gone, const term& args);
    static void tell_supervisor(const installed_handler& gone, const term& why);
    /// Takes out a handler that has failed: `why` is what a `catch` of the callback would have given.
    void crash(std::size_t at, const term& why, const term& last_message);
    void report_crash(const installed_handler& failed, const term& why,
                      event_handler::shown_status shown) const;

    static constexpr milliseconds forever{-1};

    event_handlers handlers_;
    bool hibernate_ = false;  // one of the handlers of the last message wants it
    bool idle_ = false;       // the timeout that runs is hibernate_after_
    milliseconds hibernate_after_;
};

}  // namespace rakka::detail
