#include "application/application_master.hpp"

#include "behaviour/class_name.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/proc_lib.hpp>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

/// Another process that is linked to this one. What tells of its end is a monitor: anybody can send a message
/// that looks like an 'EXIT' of it, nobody else knows the reference.
class watched {
public:
    watched() = default;
    explicit watched(const pid& who) : who_(who), ref_(monitor(who)) {}

    [[nodiscard]] const pid& process() const noexcept { return who_; }
    [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(who_); }
    [[nodiscard]] bool is_end(term_view m) const noexcept { return who_ && is_down(ref_, m); }
    /// Why it has ended, for a message of which is_end() is true. One that had ended before it was watched
    /// says `noproc`; its link knows better.
    [[nodiscard]] term reason(const term& down) const {
        const term why = down.share(down.tuple()[4]);
        if (!why.is_atom(atoms::known<"noproc">)) return why;
        const auto exited = receive_if(
            [this](term_view m) {
                return m.is_tagged(atoms::known<"EXIT">, 3) && m.tuple()[1].as<pid>() == result<pid>(who_);
            },
            std::chrono::nanoseconds(0));
        return exited ? exited->share(exited->tuple()[2]) : why;
    }

private:
    pid who_;
    reference ref_;
};

/// What is said in `{Key, What}`; nothing when `message` has another form, or another key.
std::optional<term> said_with(const reference& key, const term& message) {
    if (!message.is_tuple(2) || message.tuple()[0] != term(key).view()) return std::nullopt;
    return message.share(message.tuple()[1]);
}

// -- the process of the callbacks

/// `{Reason, {Class, Function, Arguments}}`
term failed_in(const application& app, atom function, const term& reason) {
    return tuple(reason, tuple(class_name(typeid(app)), function, list(atoms::known<"normal">, list())));
}

class callbacks {
public:
    /// `key`: of the messages between the master and this process, `{Key, What}`. Of the master: `stop`,
    /// `{config_change, Change}`, and `{'end', Reason}` when all has to end.
    callbacks(const pid& master, const reference& key, application_table::loaded what)
        : key_(key), what_(std::move(what)), master_(master) {}

    void run() {
        trap_exit(true);
        if (const auto reason = start()) {
            end_root();
            tell(tuple(atoms::known<"error">, *reason));
            return;
        }
        tell(atoms::known<"ok">);
        for (;;) {
            const term message = receive();
            const auto said = said_with(key_, message);
            if (const auto reason = said ? end_in(*said) : end_of_others(message)) {
                finish(true);
                exit(*reason);
            }
            if (!said) continue;
            if (said->is_atom(atoms::known<"stop">)) return finish(false);
            if (said->is_tagged("config_change"_a, 2)) on_change(said->tuple()[1]);
        }
    }

private:
    /// How the start went.
    void tell(const term& outcome) const { static_cast<void>(send(master_.process(), tuple(key_, outcome))); }

    /// The reason, when `message` says that the root or the master has ended.
    std::optional<term> end_of_others(const term& message) {
        if (root_.is_end(message)) return std::exchange(root_, {}).reason(message);
        if (master_.is_end(message)) return master_.reason(message);
        return std::nullopt;
    }
    /// The reason, when the master says that all has to end.
    static std::optional<term> end_in(const term& said) {
        if (!said.is_tagged("end"_a, 2)) return std::nullopt;
        return said.share(said.tuple()[1]);
    }

    /// Why it has not started.
    std::optional<term> start() {
        if (!what_.make) return std::nullopt;  // no processes
        atom where = "start"_a;
        try {
            app_ = what_.make();
            const auto root = app_->start();
            if (!root) return failed_in(*app_, where, root.error().reason);
            root_ = watched(*root);
            where = "start_phase"_a;
            for (const auto& [phase, argument] : what_.specification.start_phases)
                app_->start_phase(phase, argument);
            return std::nullopt;
        } catch (...) {
            if (ended_by_signal()) throw;
            const term reason = tuple(atoms::known<"EXIT">, exit_reason_of(std::current_exception()));
            return app_ ? failed_in(*app_, where, reason) : reason;
        }
    }

    /// The root first, in its own time: a supervisor's limits are its children's.
    void end_root() {
        if (!root_) return;
        rakka::exit(root_.process(), atoms::known<"shutdown">);
        static_cast<void>(receive_if([this](term_view m) { return root_.is_end(m); }));
        root_ = {};
    }

    void finish(bool by_itself) {
        if (!app_) return;
        guarded([&] {
            if (!by_itself) app_->prep_stop();
        });
        end_root();
        guarded([&] { app_->stop(); });
    }

    template <class F>
    static void guarded(F&& f) {
        try {
            f();
        } catch (...) {
            if (ended_by_signal()) throw;  // else there is nobody to tell, as in OTP
        }
    }

    void on_change(term_view change) {
        const auto* const c = native_cast<application_table::change>(change);
        if (c && app_) guarded([&] { app_->config_change(c->changed, c->added, {}); });
    }

    reference key_;
    application_table::loaded what_;
    watched master_;
    std::unique_ptr<application> app_;
    watched root_;
};

// -- the master

class master {
public:
    master(const pid& controller, const reference& key, application_table::loaded what)
        : what_(std::move(what)), controller_(controller), key_(key), workers_key_(make_reference()) {}

    void run() {
        trap_exit(true);
        spawn_options with;
        with.group_leader = self();
        worker_ = watched(proc_lib::spawn_link(
            [me = self(), key = workers_key_, what = what_] { callbacks(me, key, what).run(); }, with));
        for (;;) {
            const term message = receive();
            if (message.is_tagged("io_request"_a, 4)) {
                pass_on(message);
            } else if (const auto outcome = said_with(workers_key_, message)) {
                tell("application_started"_a, *outcome);
            } else if (const auto order = said_with(key_, message)) {
                send(worker_.process(), tuple(workers_key_, *order));
            } else if (worker_.is_end(message)) {
                const term reason = worker_.reason(message);
                end_the_rest();
                return tell("application_ended"_a, reason);
            } else if (controller_.is_end(message)) {
                send(worker_.process(), tuple(workers_key_, tuple("end"_a, controller_.reason(message))));
            }
        }
    }

private:
    static void send(const pid& to, const term& message) { static_cast<void>(rakka::send(to, message)); }
    void tell(atom what, const term& outcome) const {
        send(controller_.process(), tuple(what, self(), key_, outcome));
    }

    /// What a process of the application prints appears where the program prints.
    static void pass_on(const term& request) {
        const pid leader = group_leader();
        if (leader != this_system().nobody()) return send(leader, request);
        const auto t = request.tuple();
        const term what = request.share(t[3]);
        term answer = tuple(atoms::known<"error">, "enotsup"_a);
        if (what.is_tagged("put_chars"_a, 3)) {
            if (const auto text = what.tuple()[2].as<std::string>()) {
                std::fwrite(text->data(), 1, text->size(), stdout);
                std::fflush(stdout);
                answer = atoms::known<"ok">;
            }
        }
        if (const auto from = t[1].as<pid>()) send(*from, tuple("io_reply"_a, request.share(t[2]), answer));
    }

    /// Processes that have left the tree, but not the application. Some start others as they see one end: all
    /// at once, and until there are none.
    static void end_the_rest() {
        std::vector<reference> dying;
        do {
            dying.clear();
            for (const pid& p : processes()) {
                if (p == self()) continue;
                const auto info = process_info(p);
                if (!info || info->group_leader != self()) continue;
                dying.push_back(monitor(p));
                rakka::exit(p, atoms::known<"kill">);
            }
            for (const reference& ref : dying)
                static_cast<void>(receive_if([&](term_view m) { return is_down(ref, m); }));
        } while (!dying.empty());
    }

    application_table::loaded what_;
    watched controller_;
    reference key_;          // of what the controller and this one say to each other
    reference workers_key_;  // likewise
    watched worker_;
};

}  // namespace

pid start_application_master(const application_table::loaded& what, const reference& key) {
    return proc_lib::spawn_link([me = self(), key, what] { master(me, key, what).run(); });
}

}  // namespace rakka::detail
