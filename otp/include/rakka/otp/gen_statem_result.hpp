// What a callback of a state machine decides: where to go, and the actions on the way.
#pragma once

#include <rakka/otp/gen_statem_event.hpp>

#include <boost/container/small_vector.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace rakka {
class gen_statem;
namespace detail {
class gen_statem_loop;
struct statem_terms;
}  // namespace detail
}  // namespace rakka

namespace rakka::statem {

/// Stops a timeout: `state_timeout(cancel)`. Erlang: `{state_timeout, cancel}`.
struct cancel_t {};
/// Keeps a timeout's time and changes its content; one that is not running fires at once. Erlang: `update`.
struct update_t {};

/// When a timeout fires: after a time (zero: see gen_statem), never, at a time, or as before. Implicit from
/// std::chrono::milliseconds, `infinity` and `update`.
class timeout_time {
public:
    enum class form : std::uint8_t { relative, absolute, infinity, update };

    // NOLINTBEGIN(google-explicit-constructor): these are the times they look like
    template <std::convertible_to<std::chrono::milliseconds> Duration>
    timeout_time(Duration after) noexcept
        : value_(std::chrono::milliseconds(after).count()), form_(form::relative) {}
    timeout_time(std::nullopt_t) noexcept : form_(form::infinity) {}
    timeout_time(update_t) noexcept : form_(form::update) {}
    // NOLINTEND(google-explicit-constructor)
    /// A time of system::now(), rounded up to milliseconds. Erlang: `{abs, true}`.
    [[nodiscard]] static timeout_time at(std::chrono::nanoseconds time) noexcept {
        timeout_time t(std::chrono::ceil<std::chrono::milliseconds>(time));
        t.form_ = form::absolute;
        return t;
    }

    [[nodiscard]] form what() const noexcept { return form_; }
    /// The time that was given. Meaningless for infinity and update.
    [[nodiscard]] std::chrono::milliseconds value() const noexcept {
        return std::chrono::milliseconds(value_);
    }

private:
    std::int64_t value_ = 0;
    form form_;
};

/// Which timeout: its type (timeout, state_timeout, generic_timeout), and of a generic one the name.
struct timeout_key {
    event_type type = event_type::timeout;
    term name{};
    friend bool operator==(const timeout_key& a, const timeout_key& b) noexcept {
        return a.type == b.type && a.name == b.name;
    }
};

/// One action, made by the functions of gen_statem that have the names of Erlang's actions.
class action {
public:
    struct reply_to {
        from to;
        term value;
    };
    struct postpone_event {
        bool on;
    };
    struct hibernation {
        bool on;
    };
    struct insert_event {
        event what;
    };
    struct set_timeout {
        timeout_key key;
        timeout_time time;
        term content;
    };
    struct delete_module {
        void operator()(gen_statem* module) const noexcept;
    };
    struct set_module {
        enum class way : std::uint8_t { change, push, pop };
        way how;
        std::unique_ptr<gen_statem, delete_module> module;  // none for pop
    };
    using form = std::variant<reply_to, postpone_event, hibernation, insert_event, set_timeout, set_module>;

    // NOLINTNEXTLINE(google-explicit-constructor): each of these is an action
    action(form what) : what_(std::move(what)) {}
    [[nodiscard]] form& what() noexcept { return what_; }
    [[nodiscard]] const form& what() const noexcept { return what_; }
    /// As Erlang writes it.
    [[nodiscard]] term to_term() const;

private:
    form what_;
};

/// In their order. One, as most decisions have, takes no memory of its own.
using action_list = boost::container::small_vector<action, 1>;

/// A decision and its actions, in the order in which they are carried out. Made by next_state(),
/// keep_state(), repeat_state() and stop_with() of gen_statem, which take the actions as further arguments.
class [[nodiscard]] result {
public:
    /// `none`: no decision at all, but a term that was thrown.
    enum class decision : std::uint8_t { next_state, keep_state, repeat_state, stop, fail, none };

    /// A further action behind those that are here.
    result& add(action a) & {
        actions_.push_back(std::move(a));
        return *this;
    }

    [[nodiscard]] decision what() const noexcept { return what_; }
    /// The next state, or the reason to stop or fail; else no value.
    [[nodiscard]] const term& value() const noexcept { return value_; }
    [[nodiscard]] std::span<const action> actions() const noexcept { return actions_; }

private:
    friend class rakka::gen_statem;
    friend class rakka::detail::gen_statem_loop;
    template <class... Actions>
    explicit result(decision what, term value, Actions&&... actions) : value_(std::move(value)), what_(what) {
        if constexpr (sizeof...(Actions) > 0) {
            actions_.reserve(sizeof...(Actions));
            (actions_.emplace_back(std::forward<Actions>(actions)), ...);
        }
    }

    term value_;
    action_list actions_;
    decision what_;
};

}  // namespace rakka::statem
