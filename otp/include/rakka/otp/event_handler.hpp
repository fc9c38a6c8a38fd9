// A handler of events: what a gen_event manager has any number of, written as a class with callbacks.
//
//     class counts : public rakka::event_handler {
//         std::int64_t n_ = 0;
//         result handle_event(const term&) override {
//             ++n_;
//             return ok();
//         }
//         answer handle_call(const term&) override { return reply(n_); }
//     };
//
// See gen_event.hpp for managers. Erlang: the callback module of a gen_event.
#pragma once

#include <rakka/etf/atom.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/term.hpp>
#include <rakka/otp/factory.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>
#include <vector>

namespace rakka {

class event_handler;

namespace detail {
class gen_event_loop;
[[nodiscard]] atom class_name(const std::type_info& type);
/// What travels to the manager in the place of Erlang's arguments.
struct handler_factory {
    std::function<std::unique_ptr<event_handler>()> make;
};
[[nodiscard]] term factory_term(handler_factory factory);
}  // namespace detail

/// Which handler of a manager: Erlang's `Module | {Module, Id}`. The module of a C++ handler is the name of
/// its class, such as `shop::counts`, unless it was added under another one. Two handlers of one manager may
/// have the same id; the one added last is then meant.
struct handler_id {
    handler_id(atom module_name) : module(module_name) {}
    /// The id `false` is none, as in Erlang.
    handler_id(atom module_name, term which);
    /// That of a C++ class.
    template <class Handler>
    [[nodiscard]] static handler_id of(term which = {}) {
        static const atom name = detail::class_name(typeid(Handler));
        return which.has_value() ? handler_id(name, std::move(which)) : handler_id(name);
    }
    /// Nothing for a term that is no handler. Any thread.
    [[nodiscard]] static std::optional<handler_id> read(const term& t);
    [[nodiscard]] term to_term() const;
    friend bool operator==(const handler_id& a, const handler_id& b) noexcept {
        return a.module == b.module && a.id.view() == b.id.view();
    }

    atom module;
    term id{};  ///< no value: the module alone
};

/// A handler that is to be: its id, and what it is made of. A value: the same one may be added to several
/// managers.
class new_handler {
public:
    /// By the name of a module: of a BEAM's when the manager runs there, of an exported C++ class
    /// (gen_event::export_handler) when it runs here. Erlang: Handler and Args.
    new_handler(handler_id id, term args) : id_(std::move(id)), args_(std::move(args)) {}
    /// A C++ class, constructed in the manager's process from copies of `args` (what cannot be copied is
    /// moved, and serves one addition). For managers of this system.
    template <class Handler, class... Args>
    [[nodiscard]] static new_handler of(Args&&... args) {
        return {handler_id::of<Handler>(),
                detail::factory_term({detail::factory_of<event_handler, Handler, detail::uses::many>(
                    std::forward<Args>(args)...)})};
    }
    /// The same under another id: `new_handler::of<counts>().as({"counts"_a, 7})`.
    [[nodiscard]] new_handler as(handler_id id) && {
        id_ = std::move(id);
        return std::move(*this);
    }

    [[nodiscard]] const handler_id& id() const noexcept { return id_; }
    [[nodiscard]] const term& args() const noexcept { return args_; }

private:
    handler_id id_;
    term args_;
};

/// The base of a handler. Every callback runs in the manager's process, one at a time: no member needs a
/// lock; one that blocks holds up all handlers of the manager.
///
/// An exception that leaves a callback removes the handler, and no other one: terminate() is called with
/// `{error, {'EXIT', Reason}}` (of a thrown term: `{error, Term}`), the log gets a report, and the
/// supervising process, if there is one, the message `{gen_event_EXIT, Handler, {'EXIT', Reason}}`. A thrown
/// result counts as returned.
class event_handler {
public:
    /// What a callback decided. Made by ok(), remove_handler(), swap_handler() and fail_with().
    class [[nodiscard]] result {
    public:
        /// The manager gives memory back before it waits; one of its handlers that wants so is enough.
        /// Erlang:
        /// `{ok, State, hibernate}`.
        result&& hibernate() && {
            hibernate_ = true;
            return std::move(*this);
        }

    private:
        friend class event_handler;
        friend class detail::gen_event_loop;
        enum class fate : std::uint8_t { stays, removed, swapped, failed };
        fate fate_ = fate::stays;
        bool hibernate_ = false;
        term term_;  // swapped: what terminate gets; failed: the reason
        std::optional<new_handler> by_;
    };

    /// What handle_call decided: the reply, and what becomes of the handler. Made by reply().
    class [[nodiscard]] answer {
    public:
        /// `reply(total_).then(remove_handler())`
        answer&& then(result r) && {
            then_ = std::move(r);
            return std::move(*this);
        }

    private:
        friend class event_handler;
        friend class detail::gen_event_loop;
        answer() = default;
        term reply_;
        result then_;
    };

    virtual ~event_handler() = default;

    /// The handler has been added; its arguments are its constructor's. ok(): it stays. fail_with(reason):
    /// the one who adds it gets `{error, Reason}`; an exception, the constructor's as well: `{'EXIT',
    /// Reason}`, or the thrown term. Erlang: init/1.
    virtual result init() { return ok(); }
    /// In the place of init() when it replaces another one, whose terminate() gave `last_words`: `error` when
    /// there was no such handler, `{'EXIT', Reason}` when that has failed. Erlang: `init({Args, Term})`.
    virtual result take_over(const term& last_words) {
        static_cast<void>(last_words);
        return init();
    }
    /// An event of notify() or sync_notify().
    virtual result handle_event(const term& event) = 0;
    /// A request to this handler. The default ends it with `{bad_call, Request}`, so that the caller learns
    /// of it at once.
    virtual answer handle_call(const term& request);
    /// Any other message to the manager: plain sends, 'EXIT' (managers trap exits), 'DOWN', timers. Every
    /// handler gets it. The default drops it with a warning in the log, as OTP's does.
    virtual result handle_info(const term& message);
    /// Last words, before it is destroyed. `args`: those of delete_handler() or of a swap, `remove_handler`,
    /// `{stop, Reason}` when its supervising process has ended, `stop` when the manager ends, `{error,
    /// Term}`. The result goes to the caller of delete_handler(), or to take_over() of the one in its place.
    /// Not called when the manager is killed.
    virtual term terminate(const term& args);
    /// The state shown to sys:get_state/1 (`{Module, Id, State}`) and in reports; by default the atom
    /// `undefined`.
    [[nodiscard]] virtual term state() const { return term(atoms::known<"undefined">); }
    /// A state of sys:replace_state/2, in the form of state(). The default has none to take: it stays as it
    /// was.
    virtual void replace_state(const term& state);
    /// What others see of a handler: in get_status (state and the log of the manager), and when it has
    /// crashed (state, message and reason).
    struct shown_status {
        term state;
        term message{};  ///< the last one; no value in get_status
        term reason{};   ///< likewise
        std::vector<term> log{};
    };
    /// Takes out what is secret or too long. Erlang: format_status/1.
    [[nodiscard]] virtual shown_status format_status(shown_status s) const { return s; }
    /// Another version of the code takes over, while the manager is suspended. An exception refuses: nobody
    /// after this handler is asked, those before it have changed. Erlang: code_change/3.
    virtual void code_change(const term& old_version, const term& extra);

protected:
    static result ok() { return {}; }
    /// Ends this handler: terminate() gets `remove_handler`.
    static result remove_handler() {
        result r;
        r.fate_ = result::fate::removed;
        return r;
    }
    /// Puts another one in its place in the order: terminate() gets `args`, and its result goes to
    /// take_over() of the new one. Should that fail, neither is left; the supervising process then gets
    /// `{gen_event_EXIT, NewHandler, crash}`.
    static result swap_handler(term args, new_handler by) {
        result r;
        r.fate_ = result::fate::swapped;
        r.term_ = std::move(args);
        r.by_ = std::move(by);
        return r;
    }
    /// For init() and take_over(). From other callbacks it is an unexpected value: the handler ends as of a
    /// crash.
    static result fail_with(term reason) {
        result r;
        r.fate_ = result::fate::failed;
        r.term_ = std::move(reason);
        return r;
    }
    template <class T>
    static answer reply(const T& value) {
        answer a;
        a.reply_ = term(value);
        return a;
    }
};

}  // namespace rakka
