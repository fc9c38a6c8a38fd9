// Fuzzes what connected peers can say to `global` on this node: its name server and its locker. The input is
// one term, a list of steps: a number is something that happens by itself (see happen()), any other term is
// what a peer has sent.
#include "global/locker.hpp"
#include "global/name_exchange.hpp"
#include "global/name_server.hpp"
#include "term_input.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace rakka;
using namespace rakka::global_fsm;

// Here before anything is decoded. One peer is before this node in the order of names, one behind it.
const atom self("m@localhost");
const std::array<atom, 2> peers{atom("a@localhost"), atom("z@localhost")};

constexpr limits few{.names = 12, .locks = 8, .nodes = 6, .lost_connections = 4};
constexpr std::size_t most_steps = 2000;  // of a locker, on end
const pid locker_pid{{}, 2, 1, 3};
const pid registrar_pid{{}, 3, 1, 3};

term in_cast(const term& body) {
    return tuple(atoms::known<"$gen_cast">, body);
}

/// This node, without processes: what the machines want done is done at once.
class one_node {
public:
    void take(const term& step) {
        if (const auto number = step.as<std::uint8_t>()) {
            happen(*number);
        } else {
            hear(step);
        }
        settle();
        RAKKA_CHECK(server_.names().size() <= few.names);
        RAKKA_CHECK(server_.locks().size() <= few.locks);
        RAKKA_CHECK(server_.known().size() <= few.nodes);
    }

    /// Both peers go: nothing of theirs is left.
    void part() {
        for (const atom peer : peers) {
            if (up_.contains(peer)) {
                lose(peer);
            } else {
                perform(server_.unreachable(peer));  // perhaps it was heard of
            }
            settle();
        }
        for (const atom peer : peers) {
            RAKKA_CHECK(!server_.in_session(peer));
            RAKKA_CHECK(!server_.synced().contains(peer));
            for (const registration& r : server_.names().all())
                RAKKA_CHECK(r.process.node != peer);
            for (const pid& p : watched_)
                RAKKA_CHECK(p.node != peer);
        }
    }

private:
    void happen(std::uint8_t number) {
        const atom peer = peers[(number >> 3) & 1U];
        switch (number & 7U) {
            case 0:
                if (up_.insert(peer).second) perform(server_.node_up(peer));
                return;
            case 1:
                return lose(peer);
            case 2:
                if (locker_.patience()) follow(locker_.timeout(is_locked(), number >> 4));
                return;
            case 3:
                agree_ = !agree_;  // whether peers let themselves be locked
                return;
            case 4:
                if (!watched_.empty()) process_ends(watched_.front());
                return;
            case 5:
                return perform(server_.on_call({registrar_pid, term(1)},
                                               tuple("sync"_a, list(peers[0], peers[1], "b@localhost"_a))));
            case 6:
                return up_.contains(peer) ? perform(server_.met(peer)) : perform(server_.unreachable(peer));
            default:
                return change_names(number);
        }
    }

    /// As the registrar does, on this node.
    void change_names(std::uint8_t number) {
        const term name((number >> 3) & 3U);
        const pid who{{}, 10U + (number >> 5), 1, 3};
        const term lock = tuple("global"_a, registrar_pid);
        const from me{registrar_pid, term(1)};
        perform(server_.on_call(me, tuple("set_lock"_a, lock)));
        perform(server_.on_call(me, tuple("register"_a, name, who, tuple("m"_a, "f"_a))));
        perform(server_.on_call(me, tuple("del_lock"_a, lock)));
    }

    void lose(atom peer) {
        if (up_.erase(peer) == 0) return;
        perform(server_.node_down(peer, now_ += std::chrono::seconds(1)));
        // Its processes are lost, which the monitors say.
        std::vector<pid> lost;
        std::copy_if(watched_.begin(), watched_.end(), std::back_inserter(lost),
                     [&](const pid& p) { return p.node == peer; });
        for (const pid& p : lost)
            process_ends(p);
    }
    void process_ends(pid p) {
        std::erase(watched_, p);
        perform(server_.process_ended(p));
    }

    void hear(const term& message) {
        if (const auto call = gen::as_request(message)) {
            if (!call->sender.client.is_local()) perform(server_.on_call(call->sender, call->body));
            return;
        }
        if (const auto m = read_message(message, few)) {
            perform(server_.on_message(*m, now_ += std::chrono::milliseconds(1)));
            return;
        }
        static_cast<void>(sender_of_session_message(message));
        // What lockers of old say to ours itself.
        const term as_cast = in_cast(message);
        const auto direct = read_message(as_cast, few);
        const auto* const lock = direct ? std::get_if<lock_set>(&*direct) : nullptr;
        if (lock != nullptr && !lock->tag) follow(locker_.on_event(his_lock{lock->locker, lock->set, {}}));
    }

    [[nodiscard]] bool is_locked() const { return server_.locks().is_set(atom("global")); }

    /// What processes of their own do, in their turn.
    void settle() {
        while (!orders_.empty() || !resolving_.empty() || !gone_.empty()) {
            if (!gone_.empty()) {
                const pid p = gone_.back();
                gone_.pop_back();
                if (std::find(watched_.begin(), watched_.end(), p) != watched_.end()) process_ends(p);
            } else if (!orders_.empty()) {
                const locker_event e = std::move(orders_.front());
                orders_.pop_front();
                follow(locker_.on_event(e));
            } else {
                const start_resolver r = std::move(resolving_.front());
                resolving_.pop_front();
                resolve(r);
            }
        }
    }

    void resolve(const start_resolver& r) {
        name_exchange names(self, r.node, r.names);
        for (bool first = true; const auto conflict = names.next(server_.names()); first = !first) {
            names.answered(first ? std::optional(term(conflict->theirs)) : std::optional(term("none"_a)));
        }
        perform(server_.exchanged(r.node, r.tag, names.take_ops(), names.take_peer_ops()));
    }

    // ---- what the locker wants

    void follow(locker::steps todo) {
        for (std::size_t i = 0; !todo.empty(); ++i) {
            RAKKA_CHECK(i < most_steps);
            std::optional<bool> outcome;
            for (const locker::step& s : todo)
                std::visit([&](const auto& one) { on(one, outcome); }, s);
            if (!outcome) return;
            todo = locker_.locked(*outcome);
        }
    }
    void on(const locker::set_lock& s, std::optional<bool>& outcome) {
        const bool here = std::find(s.nodes.begin(), s.nodes.end(), self) != s.nodes.end();
        const bool elsewhere = s.nodes.size() > (here ? 1U : 0U);
        outcome = !elsewhere || agree_;
        if (!here) return;
        if (!lock_call("set_lock"_a, s.id)) outcome = false;
        if (!*outcome) static_cast<void>(lock_call("del_lock"_a, s.id));
    }
    void on(const locker::del_lock& s, std::optional<bool>& /*outcome*/) {
        if (std::find(s.nodes.begin(), s.nodes.end(), self) != s.nodes.end())
            static_cast<void>(lock_call("del_lock"_a, s.id));
    }
    void on(const locker::tell_server& s, std::optional<bool>& /*outcome*/) {
        perform(server_.lock_is_set(s.node, s.my_tag, s.lock_requester));
    }
    void on(const locker::tell_locker& s, std::optional<bool>& /*outcome*/) {
        RAKKA_CHECK(static_cast<bool>(s.locker));
    }
    void on(const cast_to& s, std::optional<bool>& /*outcome*/) { on(s); }
    bool lock_call(atom what, const lock_id& id) {
        answer_.reset();
        perform(server_.on_call({locker_pid, term(1)}, tuple(what, tuple(id.resource, id.requester))));
        return answer_ && answer_->is_atom(atoms::known<"true">);
    }

    // ---- what the name server wants

    void perform(const actions& all) {
        for (const action& a : all)
            std::visit([this](const auto& one) { on(one); }, a);
    }
    /// What we say can be read.
    void on(const cast_to& a) {
        const term message = in_cast(a.body);
        RAKKA_CHECK(read_message(message, {}).has_value());
    }
    void on(const send_to& a) { RAKKA_CHECK(read_message(a.message, {}).has_value()); }
    void on(const answer& a) { answer_ = a.value; }
    void on(const locker_event& e) { orders_.push_back(e); }
    void on(const start_resolver& a) { resolving_.push_back(a); }
    void on(const stop_resolver& a) {
        std::erase_if(resolving_, [&](const start_resolver& r) { return r.node == a.node; });
    }
    void on(const meet& a) { RAKKA_CHECK(static_cast<bool>(a.node)); }
    void on(const reach& a) { RAKKA_CHECK(static_cast<bool>(a.node)); }
    void on(const disconnect& a) { RAKKA_CHECK(static_cast<bool>(a.node)); }
    /// One monitor for each process.
    void on(const watch& a) {
        const auto before = std::erase(watched_, a.process);
        RAKKA_CHECK(before == (a.on ? 0U : 1U));
        if (!a.on) return;
        watched_.push_back(a.process);
        const bool unreachable =
            !a.process.is_local() && a.process.node != self && !up_.contains(a.process.node);
        if (unreachable) gone_.push_back(a.process);
    }
    void on(const complain& a) { RAKKA_CHECK(!a.text.empty()); }

    name_server server_{{.self = self, .locker = locker_pid, .incarnation = 1, .max = few}};
    locker locker_{self, locker_pid};
    node_set up_;
    std::vector<pid> watched_;  // the oldest first
    std::vector<pid> gone_;     // of them, those whose monitors find nobody
    std::deque<locker_event> orders_;
    std::deque<start_resolver> resolving_;
    std::optional<term> answer_;  // to the last call
    std::chrono::nanoseconds now_{0};
    bool agree_ = true;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto steps = fuzzing::term_in(data, size);
    if (!steps || !steps->is(kind::list)) return 0;
    one_node node;
    for (const term_view step : steps->list())
        node.take(steps->share(step));
    node.part();
    return 0;
}
