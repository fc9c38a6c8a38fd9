#include "simulation/workload.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rakka::testing {

using namespace std::chrono_literals;

namespace {

std::string text(atom a) {
    return std::string(a.text());
}

}  // namespace

std::string workload::unfinished() const {
    std::string all;
    for (const auto& [number, what] : duties_)
        all += "\n  " + what;
    return all;
}

std::string workload::children_left() const {
    std::string all;
    for (const auto& [where, count] : children_)
        if (count != 0) all += fmt::format(" {}: {}", where, count);
    return all;
}

void workload::populate(simulated_node& on) {
    export_functions(on);
    const atom here = on.name();
    for (auto& [between, t] : traffic_) {
        if (between.first == here.text()) t.sent = 0;
        if (between.second == here.text()) t.received = 0;
    }
    sim_.check(sim_.run(on, [&] { sim_.check(pg::start().has_value(), "pg starts"); }), "pg has started");
    on.system().spawn([this] { serve(); }, {.name = "serve"_a});
    const pid auditor = on.system().spawn([this, here] { audit(here); }, {.name = "audit"_a});
    on.node().monitor_nodes(auditor);
    for (simulated_node* peer : sim_.nodes())
        if (peer != &on) on.system().spawn([this, &on, peer] { send_to(peer->name(), on); });
    for (std::size_t n = 0; n < workers; ++n)
        on.system().spawn([this, &on, n] { work(on, n); });
}

void workload::export_functions(simulated_node& on) {
    struct child {
        child(int& c) : count(c) { ++count; }
        ~child() { --count; }
        int& count;
    };
    export_table& e = on.node().exports();
    e.add("sim"_a, "add"_a, [](std::int64_t a, std::int64_t b) { return a + b; });
    e.add("sim"_a, "sleep"_a, [](std::int64_t us) { sleep(std::chrono::microseconds(us)); });
    int& bound = children_[text(on.name())];
    e.add("sim"_a, "wait_for_ever"_a, [&bound] {
        const child c(bound);
        for (;;)
            if (receive().is_atom("end"_a)) return;
    });
}

void workload::serve() {
    for (;;) {
        const term m = receive();
        const auto request = gen::as_request(m);
        if (!request) continue;  // somebody's large message
        const auto n = request->body.as<std::int64_t>();
        if (sim_.random(4) == 0) sleep(some_time(20));
        reply(request->sender, term(n.value() + 1));
    }
}

// ---- messages, in order, each once

void workload::send_to(atom peer, simulated_node& from) {
    const duty d(*this, fmt::format("{} sends to {}", from.name().text(), peer.text()));
    const auto run = from.incarnation();
    traffic& t = traffic_[{text(from.name()), text(peer)}];
    while (!stopping_) {
        std::string payload(sim_.random(20) == 0 ? sim_.random(150'000) : sim_.random(100), 'x');
        send(registered_name{"audit"_a, peer},
             term(tuple(from.name(), run, ++t.sent, std::string_view(payload))));
        sleep(some_time(100));
    }
}

void workload::audit(atom here) {
    struct peer {
        bool connected = false;
        bool goes_on = false;  // since the last message the connection has been the same
        std::uint64_t run = 0;
        std::uint64_t last = 0;
    };
    std::map<std::string, peer> peers;
    for (;;) {
        const term m = receive();
        const auto parts = m.tuple();
        if (parts.size() == 2) {
            peer& p = peers[text(parts[1].as<atom>().value())];
            const bool up = parts[0].is_atom("nodeup"_a);
            sim_.check(up != p.connected, "nodeup and nodedown take turns");
            p.connected = up;
            p.goes_on = false;
            continue;
        }
        const atom from = parts[0].as<atom>().value();
        peer& p = peers[text(from)];
        const auto run = parts[1].as<std::uint64_t>().value();
        const auto number = parts[2].as<std::uint64_t>().value();
        const std::string what = fmt::format("{} from {}/{} at {}, after {}/{}", number, from.text(), run,
                                             here.text(), p.last, p.run);
        sim_.check(p.connected, "a message comes over a connection: " + what);
        sim_.check(run >= p.run, "no message of an earlier run: " + what);
        if (run == p.run) {
            sim_.check(number > p.last, "in order and none twice: " + what);
            sim_.check(!p.goes_on || number == p.last + 1, "none is lost: " + what);
        } else {
            sim_.check(!p.goes_on, "another run has another connection: " + what);
        }
        p.run = run;
        p.last = number;
        p.goes_on = true;
        traffic_[{text(from), text(here)}].received = number;
    }
}

void workload::check_last_messages() {
    for (simulated_node* a : sim_.nodes()) {
        for (simulated_node* b : sim_.nodes()) {
            if (a == b) continue;
            const traffic& t = traffic_[{text(a->name()), text(b->name())}];
            sim_.check(t.sent == t.received,
                       fmt::format("the last of {} messages from {} to {} arrives ({})", t.sent,
                                   a->name().text(), b->name().text(), t.received));
        }
    }
}

// ---- requests

void workload::work(simulated_node& on, std::size_t number) {
    const duty d(*this, fmt::format("worker {} of {}", number, on.name().text()));
    trap_exit(true);
    std::vector<reference> ended;
    while (!stopping_) {
        one_thing(some_peer(on.name()), ended);
        sleep(some_time(300));
    }
    // Time for what should not come.
    sleep(100ms);
    while (const auto m = receive_if([](term_view) { return true; }, 0s)) {
        const bool conflict = m->is_tagged("global_name_conflict"_a, 2);
        const bool known =
            std::any_of(ended.begin(), ended.end(), [&](const reference& r) { return is_down(r, *m); });
        sim_.check(conflict, (known ? "a second DOWN: " : "a message too many: ") + m->to_string());
    }
}

atom workload::some_peer(atom of) {
    const auto all = sim_.nodes();
    for (;;) {
        const atom n = all[sim_.random(static_cast<std::uint32_t>(all.size()))]->name();
        if (n != of) return n;
    }
}

void workload::one_thing(atom peer, std::vector<reference>& ended) {
    const std::uint32_t what = sim_.random(9);
    const duty d(*this, fmt::format("{}: thing {} with {}", term(self()).to_string(), what, peer.text()));
    switch (what) {
        case 0:
            return call(peer);
        case 1:
            return spawn_monitored(peer, ended);
        case 2:
            return spawn_linked(peer);
        case 3:
            return watch(peer, ended);
        case 4:
            return ask(peer);
        case 5:
            return use_name();
        case 6:
            return use_group();
        case 7:
            return use_lock();
        default:
            return send(registered_name{"serve"_a, peer},
                        term(std::string_view(std::string(sim_.random(300000), 'y'))));
    }
}

void workload::call(atom peer) {
    const std::int64_t n = sim_.random(1000);
    const auto answer = gen::call(registered_name{"serve"_a, peer}, "$gen_call"_a, term(n), std::nullopt);
    if (answer) sim_.check(*answer == term(n + 1), "the answer to this call: " + answer->to_string());
}

void workload::spawn_monitored(atom peer, std::vector<reference>& ended) {
    const auto made = spawn_monitor(peer, "sim"_a, "sleep"_a, term(list(sim_.random(200'000))));
    const term down = receive_if(made.ref, [&](term_view m) { return is_down(made.ref, m); }).value();
    const term_view why = down.tuple()[4];
    sim_.check(why.is_atom("normal"_a) || why.is_atom("noconnection"_a), "DOWN with " + down.to_string());
    ended.push_back(made.ref);
}

void workload::spawn_linked(atom peer) {
    const pid child = spawn_link(peer, "sim"_a, "wait_for_ever"_a, term(list()));
    sleep(some_time(300));
    if (sim_.random(2) == 0) {
        send(child, term("end"_a));
    } else {
        exit(child, term("enough"_a));
    }
    const term m =
        receive_if([&](term_view t) { return t.is_tagged("EXIT"_a, 3) && t.tuple()[1].as<pid>() == child; });
    const term_view why = m.tuple()[2];
    sim_.check(why.is_atom("normal"_a) || why.is_atom("enough"_a) || why.is_atom("noconnection"_a),
               "EXIT with " + m.to_string());
}

void workload::watch(atom peer, std::vector<reference>& ended) {
    const reference ref = monitor(registered_name{"serve"_a, peer});
    const auto down = receive_if(
        ref, [&](term_view m) { return is_down(ref, m); }, some_time(1000));
    if (!down) demonitor(ref, {.flush = true});
    ended.push_back(ref);
}

void workload::ask(atom peer) {
    const std::int64_t a = sim_.random(1000);
    const auto answer = erpc::call(peer, "sim"_a, "add"_a, term(list(a, 1)));
    if (answer) {
        sim_.check(*answer == term(a + 1), "the result of this call: " + answer->to_string());
    } else {
        sim_.check(answer.error().is_erpc("noconnection"_a),
                   "the reason without a result: " + answer.error().to_term().to_string());
    }
}

void workload::use_name() {
    const term n = name(sim_.random(names));
    if (!global::register_name(n, self(), global::resolve_method::random_notify_name())) return;
    sleep(some_time(500));
    if (global::whereis_name(n) == self()) global::unregister_name(n);
}

void workload::use_group() {
    const term g = group(sim_.random(names));
    pg::join(g, self());
    sleep(some_time(500));
    sim_.check(pg::leave(g, self()), "a member leaves");
}

void workload::use_lock() {
    const auto id = lock(sim_.random(names));
    if (!global::set_lock(id, {}, sim_.random(3))) return;
    sleep(some_time(100));
    global::del_lock(id);
}

}  // namespace rakka::testing
