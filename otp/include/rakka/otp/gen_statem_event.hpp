// Events of a state machine: what its callbacks are called with. [gen_statem: event_type()]
#pragma once

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/etf/term.hpp>

#include <cstdint>
#include <utility>

namespace rakka::statem {

/// Erlang: `event_type()`, and `enter` of a state enter call.
enum class event_type : std::uint8_t {
    call,             ///< `{call, From}`: gen_statem:call/2, gen_server:call/2 …
    cast,             ///< gen_statem:cast/2, gen_server:cast/2
    info,             ///< any other message
    internal,         ///< only from next_event()
    timeout,          ///< of event_timeout()
    state_timeout,    ///< of state_timeout()
    generic_timeout,  ///< `{timeout, Name}`: of generic_timeout()
    enter,            ///< the state has been entered; the content is the state before
};

/// One event: a type, a content, and of a call who asked. A value that holds its terms; copy it freely.
class event {
public:
    [[nodiscard]] static event call(from sender, term request) {
        return {event_type::call, std::move(request), std::move(sender)};
    }
    [[nodiscard]] static event cast(term content) { return {event_type::cast, std::move(content), {}}; }
    [[nodiscard]] static event info(term message) { return {event_type::info, std::move(message), {}}; }
    [[nodiscard]] static event internal(term content) {
        return {event_type::internal, std::move(content), {}};
    }
    [[nodiscard]] static event timeout(term content) { return {event_type::timeout, std::move(content), {}}; }
    [[nodiscard]] static event state_timeout(term content) {
        return {event_type::state_timeout, std::move(content), {}};
    }
    [[nodiscard]] static event generic_timeout(term name, term content) {
        return {event_type::generic_timeout, std::move(content), {{}, std::move(name)}};
    }
    [[nodiscard]] static event enter(term old_state) { return {event_type::enter, std::move(old_state), {}}; }

    [[nodiscard]] event_type type() const noexcept { return type_; }
    [[nodiscard]] const term& content() const noexcept { return content_; }
    /// Whom to answer. Empty for what is no call.
    [[nodiscard]] const from& sender() const noexcept { return origin_; }
    /// The name of a generic timeout; no value for other events.
    [[nodiscard]] term timeout_name() const { return is_generic_timeout() ? origin_.tag : term(); }

    [[nodiscard]] bool is_enter() const noexcept { return type_ == event_type::enter; }
    [[nodiscard]] bool is_call() const noexcept { return type_ == event_type::call; }
    [[nodiscard]] bool is_cast() const noexcept { return type_ == event_type::cast; }
    [[nodiscard]] bool is_info() const noexcept { return type_ == event_type::info; }
    [[nodiscard]] bool is_internal() const noexcept { return type_ == event_type::internal; }
    [[nodiscard]] bool is_timeout() const noexcept { return type_ == event_type::timeout; }
    [[nodiscard]] bool is_state_timeout() const noexcept { return type_ == event_type::state_timeout; }
    [[nodiscard]] bool is_generic_timeout() const noexcept { return type_ == event_type::generic_timeout; }
    /// Of this type and with this content (`=:=`): `e.is(event_type::cast, "push"_a)`.
    [[nodiscard]] bool is(event_type type, term_view content) const noexcept {
        return type_ == type && content_.view() == content;
    }
    [[nodiscard]] bool is_call(term_view content) const noexcept { return is(event_type::call, content); }
    [[nodiscard]] bool is_cast(term_view content) const noexcept { return is(event_type::cast, content); }
    [[nodiscard]] bool is_info(term_view content) const noexcept { return is(event_type::info, content); }
    [[nodiscard]] bool is_internal(term_view content) const noexcept {
        return is(event_type::internal, content);
    }
    /// The generic timeout of this name, whatever its content.
    [[nodiscard]] bool is_generic_timeout(term_view name) const noexcept {
        return is_generic_timeout() && origin_.tag.view() == name;
    }

    /// `cast`, `{call, From}`, `{timeout, Name}` …, as Erlang's callbacks get it.
    [[nodiscard]] term type_term() const;
    /// `{Type, Content}`, as sys and reports show it.
    [[nodiscard]] term to_term() const;

private:
    event(event_type type, term content, from origin) noexcept
        : type_(type), content_(std::move(content)), origin_(std::move(origin)) {}

    event_type type_;
    term content_;
    from origin_;  // of a generic timeout its name stands in the tag
};

}  // namespace rakka::statem
