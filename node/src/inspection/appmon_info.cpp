// Module `appmon_info`: a process that tells observer which applications run, and how their processes hang
// together, as long as observer wants to know. [protocol §10.4]
#include "inspection/applications.hpp"
#include "inspection/exporting.hpp"
#include "inspection/inspection.hpp"
#include "inspection/machine.hpp"
#include "inspection/process_items.hpp"
#include "inspection/process_tree.hpp"
#include "inspection/system_figures.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/handler.hpp>
#include <rakka/actors/inspection.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/timers.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/print.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <list>
#include <optional>
#include <string>

namespace rakka::detail {
namespace {

constexpr std::chrono::milliseconds usual_interval(2000);
/// Things that one observer wants to know are few; a peer that asks for more gets no more.
constexpr std::size_t most_tasks = 1000;
constexpr std::size_t most_clients = 1000;

struct task {
    term command;
    term about;
    pid client;
    std::optional<std::chrono::milliseconds> interval;  ///< nothing: once
    reference timer;
    term last;
};

/// `{timeout, Milliseconds}` or `{timeout, at_most_once}` among the options.
std::optional<std::chrono::milliseconds> interval_in(term_view options) {
    if (!is_proper_list(options)) return usual_interval;
    for (const term_view o : options.list()) {
        if (!o.is_tagged(atoms::known<"timeout">, 2)) continue;
        if (o.tuple()[1].is_atom("at_most_once"_a)) return std::nullopt;
        if (const auto ms = o.tuple()[1].as<std::uint32_t>())
            return std::chrono::milliseconds(std::max(*ms, 1U));
    }
    return usual_interval;
}

/// `[{Master, Name, {Name, Description, Version}}]`
term running_applications() {
    std::vector<term> all;
    for (const term& one : which_applications()) {
        const term name = one.share(one.tuple()[0]);
        if (const auto master = application_master_of(name)) all.emplace_back(tuple(*master, name, one));
    }
    return to_list(all);
}

term tree_of_application(const term& name) {
    const auto master = application_master_of(name);
    return master ? process_tree(*master) : term(tuple(list(), list(), list(), list()));
}

term described(const node_core& core, const term& what) {
    const auto p = what.as<pid>();
    if (!p) return list();
    const auto about = p->is_local() ? process_info(*p) : std::nullopt;
    const term items = about ? usual_process_items(*about) : term(atoms::known<"undefined">);
    return charlist("Node: " + to_string(core.self()) + ", Process: " + what.to_string() + "\n" +
                    to_string(items, {.line_length = 80}) + "\n\n");
}

class appmon final : public message_handler {
public:
    appmon(std::weak_ptr<node_core> core, const pid& starter, const pid& client)
        : core_(std::move(core)), starter_(starter), clients_{client} {}

    next init() override {
        trap_exit(true);
        link(clients_.front());
        return next::wait();
    }

    next handle(term message) override {
        if (const auto call = gen::as_request(message)) {
            if (call->label.is_atom(atoms::known<"$gen_call">)) on_call(*call);
        } else if (const auto cast = gen::as_cast(message)) {
            on_cast(*cast);
        } else if (message.is_tagged(atoms::known<"timeout">, 3)) {
            if (const auto timer = message.tuple()[1].as<reference>()) on_timer(*timer);
        } else if (message.is_tagged(atoms::known<"EXIT">, 3)) {
            if (const auto who = message.tuple()[1].as<pid>())
                return on_exit(*who, message.share(message.tuple()[2]));
        }
        return next::wait();
    }

private:
    void on_call(const gen::request& call) {
        if (call.body.is_tagged("register_client"_a, 2)) {
            const auto client = call.body.tuple()[1].as<pid>();
            if (client && clients_.size() < most_clients &&
                std::find(clients_.begin(), clients_.end(), *client) == clients_.end()) {
                clients_.push_back(*client);
                link(*client);
            }
        }
        reply(call.sender, atoms::known<"ok">);
    }

    /// `{From, Command, About, OnOff, Options}`
    void on_cast(const term& cast) {
        if (!cast.is_tuple(5)) return;
        const auto p = cast.tuple();
        const auto client = p[0].as<pid>();
        if (!client) return;
        const term_view command = p[1];
        tasks_.remove_if([&](const task& t) {
            if (t.client != *client || !(t.command == command) || !(t.about == p[2])) return false;
            if (t.timer) cancel_timer(t.timer);
            return true;
        });
        if (p[3].as<bool>() != true || tasks_.size() >= most_tasks) return;
        tasks_.push_back({term::copy(p[1]), term::copy(p[2]), *client, interval_in(p[4]), {}, {}});
        work(std::prev(tasks_.end()));
    }

    void on_timer(const reference& timer) {
        const auto t =
            std::find_if(tasks_.begin(), tasks_.end(), [&](const task& one) { return one.timer == timer; });
        if (t != tasks_.end()) work(t);
    }

    next on_exit(const pid& who, term reason) {
        if (who == starter_) return next::stop(std::move(reason));
        tasks_.remove_if([&](const task& t) { return t.client == who; });
        std::erase(clients_, who);
        return clients_.empty() ? next::stop(atoms::known<"normal">) : next::wait();
    }

    void work(std::list<task>::iterator t) {
        const auto core = core_.lock();
        if (!core) return;
        term outcome = outcome_of(*core, *t);
        if (!t->last.has_value() || !(t->last == outcome))
            send(t->client, term(tuple("delivery"_a, self(), t->command, t->about, outcome)));
        if (!t->interval) {
            tasks_.erase(t);
            return;
        }
        t->last = std::move(outcome);
        t->timer = start_timer(*t->interval, self(), "again"_a);
    }

    term outcome_of(node_core& core, const task& t) {
        if (t.command.is_atom("app_ctrl"_a)) return running_applications();
        if (t.command.is_atom("app"_a)) return tree_of_application(t.about);
        if (t.command.is_atom("pinfo"_a)) return described(core, t.about);
        if (t.command.is_atom("load"_a)) return load(core, t.last);
        return atoms::known<"undefined">;
    }

    /// `{Before, Now}`, each 0 to 16: how busy the program was since the last time. A third of what is new
    /// counts twice, as there.
    term load(node_core& core, const term& before) {
        constexpr double range = 16;
        const auto used = machine::processor_time();
        const auto lived = statistics_of(core.sys).uptime;
        const double share =
            lived > lived_ ? std::chrono::duration<double>(used - used_) / (lived - lived_) : 0;
        used_ = used;
        lived_ = lived;
        const double queued = static_cast<double>(run_queue_length(core)) / 6;
        const double busy = std::min(range, std::floor(range * std::sqrt(std::abs(share + queued) / 0.9)));
        const auto now = static_cast<std::int64_t>(busy);
        if (!before.is_tuple(2)) return tuple(0, now);
        const std::int64_t old = before.tuple()[1].as<std::int64_t>().value();
        if (now != old && std::abs(now - old) >= 3) return tuple(old, (2 * now + old) / 3);
        return tuple(old, now);
    }

    std::weak_ptr<node_core> core_;
    const pid starter_;
    std::vector<pid> clients_;
    std::list<task> tasks_;
    std::chrono::nanoseconds used_{};
    std::chrono::nanoseconds lived_{};
};

/// `{ok, Pid}` of the one process of its kind, which knows `client` now.
term start_link2(node_core& core, const pid& starter, const pid& client) {
    const atom name = "appmon_info"_a;
    for (int tries = 0; tries < 2; ++tries) {
        if (const auto there = whereis(name)) {
            static_cast<void>(gen::call(*there, atoms::known<"$gen_call">, tuple("register_client"_a, client),
                                        std::chrono::seconds(5)));
            return tuple(atoms::known<"ok">, *there);
        }
        try {
            auto handler = std::make_unique<appmon>(core.weak_from_this(), starter, client);
            return tuple(atoms::known<"ok">, spawn(std::move(handler), {.name = name}));
        } catch (const process_exit&) {
            if (ended_by_signal()) throw;  // else somebody was quicker, or there is no room
        }
    }
    return tuple(atoms::known<"error">, atoms::known<"system_limit">);
}

}  // namespace

void export_appmon_functions(const std::shared_ptr<node_core>& core) {
    exporter e(core, "appmon_info");
    e.add("start_link2", 3, [](node_core& c, arguments a) {
        const auto starter = a[0].as<pid>();
        const auto client = a[1].as<pid>();
        if (!starter || !client) bad_argument();
        return start_link2(c, *starter, *client);
    });
}

}  // namespace rakka::detail
