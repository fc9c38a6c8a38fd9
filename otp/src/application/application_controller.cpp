#include "application/application_controller.hpp"

#include "application/application_master.hpp"
#include "log/report.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/otp/shutdown.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace rakka::detail {
namespace {

const atom own_name = "application_controller"_a;

term failure(const term& reason) {
    return tuple(atoms::known<"error">, reason);
}

term name_of(application_type type) {
    switch (type) {
        case application_type::permanent:
            return "permanent"_a;
        case application_type::transient:
            return "transient"_a;
        case application_type::temporary:
            break;
    }
    return "temporary"_a;
}

/// As applications::start() sends it.
std::optional<application_type> type_in(term_view t) {
    const auto number = t.as<std::uint8_t>();
    if (!number || *number > static_cast<std::uint8_t>(application_type::permanent)) return std::nullopt;
    return static_cast<application_type>(*number);
}

/// Of a start that exits with normal: `{{'EXIT', normal}, {Class, …}}`, or so before there is a class.
bool is_normal_failure(term_view reason) {
    if (reason.is_atom(atoms::known<"normal">)) return true;
    const term_view why = reason.is_tuple(2) && reason.tuple()[0].is_tuple(2) ? reason.tuple()[0] : reason;
    return why.is_tagged(atoms::known<"EXIT">, 2) && why.tuple()[1].is_atom(atoms::known<"normal">);
}

void report_exit(atom name, const term& reason, application_type type) {
    log_report(log_level::notice, term(map("label"_a, tuple(own_name, "exit"_a), "report"_a,
                                           list(tuple("application"_a, name), tuple("exited"_a, reason),
                                                tuple("type"_a, name_of(type))))));
}

void report_progress(atom name) {
    log_report(
        log_level::info,
        term(map("label"_a, tuple(own_name, "progress"_a), "report"_a,
                 list(tuple("application"_a, name), tuple("started_at"_a, this_system().node_name())))),
        true);
}

}  // namespace

application_controller::application_controller() : table_(attached<application_table>(this_system())) {}

gen_server::result application_controller::init() {
    trap_exit(true);
    for (const pid& master : table_->masters())
        old_masters_.push_back(monitor(master));
    if (old_masters_.empty()) table_->set_all_stopped();
    if (table_->is_first_controller()) {
        on_shutdown(this_system(), [] { applications::stop_all(); },
                    {.name = "applications", .stage = shutdown_stage::applications});
    }
    return noreply();
}

void application_controller::answer(std::vector<from>& waiting, const term& with) {
    for (const from& who : waiting)
        rakka::reply(who, with);
    waiting.clear();
}

gen_server::result application_controller::handle_call(const term& request, const from& sender) {
    if (request.is_atom("which_applications"_a)) {
        std::vector<term> all;
        for (const auto& a : table_->running())
            all.emplace_back(tuple(a.name, charlist(a.description), charlist(a.version)));
        return reply(all);
    }
    if (request.is_tagged("get_master"_a, 2)) {
        const auto name = request.tuple()[1].as<atom>();
        const auto master = name ? table_->master_of(*name) : std::nullopt;
        return reply(master ? term(*master) : term(atoms::known<"undefined">));
    }
    if (carry_out(request, sender)) return noreply();
    return reply(failure(tuple("bad_request"_a, request)));
}

gen_server::result application_controller::handle_cast(const term& request) {
    if (const auto* const c = native_cast<application_table::change>(request)) {
        if (const auto master = table_->master_of(c->name)) tell(*master, tuple("config_change"_a, request));
    }
    return noreply();
}

bool application_controller::carry_out(const term& request, const from& sender) {
    const bool starts = request.is_tagged("start"_a, 3);
    if (!starts && !request.is_tagged(atoms::known<"stop">, 2)) return false;
    const auto name = request.tuple()[1].as<atom>();
    if (!name) return false;
    const auto type = starts ? type_in(request.tuple()[2]) : application_type::temporary;
    if (!type) return false;
    if (!old_masters_.empty()) {
        put_off_.emplace_back(request, sender);
    } else if (starts) {
        on_start(*name, *type, sender);
    } else {
        on_stop(*name, sender);
    }
    return true;
}

void application_controller::on_start(atom name, application_type type, const from& sender) {
    if (const auto under_way = starting_.find(name.id()); under_way != starting_.end()) {
        under_way->second.waiting.push_back(sender);
        return;
    }
    const auto what = table_->begin_start(name);
    if (!what) return rakka::reply(sender, failure(what.error().reason));
    const reference key = make_reference();
    const pid master = start_application_master(*what, key);
    masters_.emplace(master, ties{monitor(master), key});
    table_->set_starting(name, master);
    starting_.emplace(name.id(), attempt{type, master, {sender}});
}

void application_controller::on_stop(atom name, const from& sender) {
    const auto master = table_->master_of(name);
    if (!master) return rakka::reply(sender, failure(tuple("not_started"_a, name)));
    auto& waiting = stopping_[name.id()];
    waiting.push_back(sender);
    if (waiting.size() == 1) tell(*master, atoms::known<"stop">);
}

void application_controller::tell(const pid& master, const term& what) const {
    const auto known = masters_.find(master);
    if (known != masters_.end()) send(master, tuple(known->second.key, what));
}

gen_server::result application_controller::handle_info(const term& message) {
    if (!old_masters_.empty() && message.is_tagged(atoms::known<"DOWN">, 5)) {
        on_old_master_down(message);
        return noreply();
    }
    if (message.is_tagged(atoms::known<"DOWN">, 5)) {  // of a master that was killed: else it says so before
        const auto down = message.tuple()[3].as<pid>();
        const auto known = down ? masters_.find(*down) : masters_.end();
        if (known != masters_.end() && is_down(known->second.monitor, message))
            on_ended(*down, message.share(message.tuple()[4]));
        return noreply();
    }
    on_word_of_master(message);
    return noreply();
}

void application_controller::on_word_of_master(const term& message) {
    const bool started = message.is_tagged("application_started"_a, 4);
    if (!started && !message.is_tagged("application_ended"_a, 4)) return;
    const auto master = message.tuple()[1].as<pid>();
    const auto known = master ? masters_.find(*master) : masters_.end();
    if (known == masters_.end() || message.tuple()[2] != term(known->second.key).view()) return;
    const term what = message.share(message.tuple()[3]);
    if (started) {
        on_started(*master, what);
    } else {
        on_ended(*master, what);
    }
}

void application_controller::on_old_master_down(const term& message) {
    std::erase_if(old_masters_, [&](const reference& ref) { return is_down(ref, message); });
    if (!old_masters_.empty()) return;
    table_->set_all_stopped();
    for (const auto& [request, sender] : std::exchange(put_off_, {}))
        static_cast<void>(carry_out(request, sender));
}

application_controller::attempts::iterator application_controller::attempt_of(const pid& master) {
    return std::find_if(starting_.begin(), starting_.end(),
                        [&](const auto& a) { return a.second.master == master; });
}

void application_controller::on_started(const pid& master, const term& outcome) {
    const auto at = attempt_of(master);
    if (at == starting_.end() || at->second.failure.has_value()) return;
    if (!outcome.is_atom(atoms::known<"ok">)) {  // the names of its processes are free when it has ended
        at->second.failure = outcome.is_tagged(atoms::known<"error">, 2) ? outcome : failure(outcome);
        return;
    }
    attempt a = std::move(at->second);
    const atom name = atom::from_id(at->first);
    starting_.erase(at);
    table_->set_running(name, master);
    types_[name.id()] = a.type;
    report_progress(name);
    answer(a.waiting, outcome);
}

void application_controller::on_failed_start(attempts::iterator at, const term& outcome) {
    attempt a = std::move(at->second);
    const atom name = atom::from_id(at->first);
    starting_.erase(at);
    table_->set_stopped(name);
    const term reason = outcome.share(outcome.tuple()[1]);
    report_exit(name, reason, a.type);
    const bool grave = a.type == application_type::permanent ||
                       (a.type == application_type::transient && !is_normal_failure(reason));
    if (grave) end_the_program(name, reason);
    answer(a.waiting, outcome);
}

void application_controller::on_ended(const pid& master, const term& reason) {
    if (const auto known = masters_.find(master); known != masters_.end()) {
        demonitor(known->second.monitor, {.flush = true});
        masters_.erase(known);
    }
    if (const auto at = attempt_of(master); at != starting_.end())
        return on_failed_start(at, at->second.failure.has_value() ? at->second.failure : failure(reason));
    const auto found = table_->application_of_master(master);
    if (!found) return;
    const atom name = *found;
    const application_type type = types_[name.id()];
    table_->set_stopped(name);
    types_.erase(name.id());
    const auto wanted = stopping_.find(name.id());
    const bool asked_for = wanted != stopping_.end();
    report_exit(name, asked_for ? term("stopped"_a) : reason, type);
    if (asked_for) {
        answer(wanted->second, atoms::known<"ok">);
        stopping_.erase(wanted);
        return;
    }
    const bool grave = type == application_type::permanent ||
                       (type == application_type::transient && !reason.is_atom(atoms::known<"normal">));
    if (grave) end_the_program(name, reason);
}

void application_controller::end_the_program(atom name, const term& reason) {
    const std::string why = "application " + std::string(name.text()) + " has ended: " + reason.to_string();
    // Who ends the program stops the others in its own order, one of the steps.
    if (request_stop(this_system(), {.status = 1, .reason = why})) return;
    static_cast<void>(spawn([] { applications::stop_all(); }));
}

pid controller() {
    if (const auto there = whereis(own_name)) return *there;
    spawn_options with;
    with.group_leader = this_system().nobody();
    const auto started = gen_server::start<application_controller>({.name = own_name, .spawn = with});
    if (started) return *started;
    const term& why = started.error().reason;  // {already_started, Pid}: another process has been faster
    if (!why.is_tagged(atoms::known<"already_started">, 2)) exit(why);
    return why.tuple()[1].as<pid>().value();
}

}  // namespace rakka::detail
