// The process that hears of nodes and connects to them.
#include "connection/connection.hpp"
#include "connection/node_core.hpp"
#include "discovery/candidates.hpp"
#include "printable.hpp"
#include "services/caller_node.hpp"
#include "services/connect_wait.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/native.hpp>
#include <rakka/node/discovery.hpp>
#include <rakka/node/errc.hpp>

#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace rakka::discovery {

struct findings_access {
    static findings make(system& s, const pid& to, std::size_t strategy, std::string own_name) {
        findings f;
        f.system_ = &s;
        f.to_ = to;
        f.strategy_ = strategy;
        f.own_name_ = std::move(own_name);
        return f;
    }
};

namespace {

using detail::node_core;

// What the process hears, as C++ objects: nobody else can say it.
struct report {
    std::size_t strategy;
    bool all;
    std::vector<std::string> nodes;
};
struct complaint {
    std::size_t strategy;
    std::string text;
};
struct dialled {
    std::string node;
    bool up;
};
struct run_again {
    std::size_t strategy;
};

constexpr std::chrono::seconds pause_of_a_failed_strategy(5);

class searcher {
public:
    searcher(std::shared_ptr<node_core> core, std::vector<strategy_ptr> strategies, const settings& how)
        : core_(std::move(core)),
          strategies_(std::move(strategies)),
          troubles_(strategies_.size()),
          how_(how),
          nodes_(how),
          new_names_(how.max_nodes) {}

    /// Ends with the node.
    [[noreturn]] void run() {
        trap_exit(true);
        const reference kernel = monitor(atoms::known<"net_kernel">);
        core_->monitors.add(self(), {});
        for (std::size_t i = 0; i < strategies_.size(); ++i)
            start(i);
        while (true) {
            dial();
            const auto message = receive_if([](term_view) { return true; }, patience());
            if (!message) continue;
            // Not a normal end: its strategies are to end as well.
            if (is_down(kernel, message->view())) exit("shutdown"_a);
            handle(*message);
        }
    }

private:
    [[nodiscard]] std::chrono::nanoseconds now() const { return core_->sys.now(); }

    [[nodiscard]] std::chrono::nanoseconds patience() const {
        constexpr std::chrono::nanoseconds longest = std::chrono::minutes(1);
        const auto next = nodes_.next();
        if (!next || dialling_ >= how_.max_dials) return longest;
        return std::clamp<std::chrono::nanoseconds>(*next - now(), std::chrono::milliseconds(1), longest);
    }

    void start(std::size_t i) {
        const pid p =
            spawn_link([s = strategies_[i], to = findings_access::make(core_->sys, self(), i,
                                                                       core_->name.text())] { s->run(to); });
        running_.emplace(p, i);
    }

    void handle(const term& m) {
        if (const auto* const r = native_cast<report>(m)) return on_report(*r);
        if (const auto* const c = native_cast<complaint>(m)) return on_complaint(*c);
        if (const auto* const d = native_cast<dialled>(m)) return on_dialled(*d);
        if (const auto* const a = native_cast<run_again>(m)) return start(a->strategy);
        if (m.is_tagged(atoms::known<"EXIT">, 3)) return on_exit(m);
        const bool up = m.is_tagged(atoms::known<"nodeup">, 2);
        if (!up && !m.is_tagged(atoms::known<"nodedown">, 2)) return;
        const auto node = m.tuple()[1].as<atom>();
        if (!node) return;
        const std::string name(node->text());
        up ? nodes_.connected(name) : nodes_.lost(name, now());
    }

    void on_report(const report& r) {
        std::vector<std::string> nodes;
        for (const std::string& n : r.nodes)
            if (n != core_->name.text()) nodes.push_back(n);
        std::vector<std::string> gone;
        const std::size_t left_out =
            r.all ? nodes_.all(r.strategy, nodes, now(), gone) : nodes_.found(r.strategy, nodes, now());
        if (left_out != 0) too_many();
        for (const std::string& n : gone)
            part_with(n);
    }

    void on_complaint(const complaint& c) {
        if (std::exchange(troubles_[c.strategy], c.text) == c.text) return;
        if (c.text.empty()) return log(node_log_level::info, "searching for nodes works again");
        log(node_log_level::warning, c.text);
    }

    void on_dialled(const dialled& d) {
        --dialling_;
        if (!d.up) return nodes_.failed(d.node, now());
        // It may have been lost since, which the process has heard of already.
        const auto node = atom::existing(d.node);
        node&& is_up(*node) ? nodes_.connected(d.node) : nodes_.lost(d.node, now());
    }

    /// A strategy has ended; or something else, which has told already what came of it.
    void on_exit(const term& m) {
        const auto p = m.tuple()[1].as<pid>();
        const auto found = p ? running_.find(*p) : running_.end();
        if (found == running_.end()) return;
        const std::size_t i = found->second;
        running_.erase(found);
        const term_view reason = m.tuple()[2];
        if (reason.is_atom(atoms::known<"normal">)) return;
        log(node_log_level::warning,
            fmt::format("a strategy to find nodes ended, it is started again in {} s: {}",
                        pause_of_a_failed_strategy.count(),
                        detail::printable(m.share(reason).to_string(), 300)));
        spawn_link([i, to = self()] {
            static_cast<void>(receive_if([](term_view) { return false; }, pause_of_a_failed_strategy));
            send(to, run_again{i});
        });
    }

    [[nodiscard]] bool is_up(atom node) const {
        const auto c = core_->find(node);
        return c && c->phase() == detail::connection_phase::up;
    }

    void dial() {
        if (dialling_ >= how_.max_dials) return;
        for (const std::string& n : nodes_.due(now(), how_.max_dials - dialling_)) {
            const auto node = to_atom(n);
            if (!node) {
                nodes_.useless(n);
            } else if (is_up(*node)) {
                nodes_.connected(n);
            } else {
                ++dialling_;
                spawn_link([core = core_, node = *node, n, to = self()] {
                    const auto up = detail::connect_and_wait(core, node, detail::dial_wish::of_the_program);
                    send(to, dialled{n, up.has_value()});
                });
            }
        }
    }

    /// Nothing: it is no name of a node that can be dialled, or there have been too many.
    std::optional<atom> to_atom(const std::string& name) {
        const auto parsed = node_name::parse(name);
        if (!parsed || !parsed->check_form(core_->form)) {
            const auto why = parsed ? parsed->check_form(core_->form).error() : parsed.error();
            log(node_log_level::warning,
                "found a node that cannot be dialled: " + explain_bad_node_name(name, why));
            return std::nullopt;
        }
        if (const auto known = atom::existing(name)) return *known;
        if (!new_names_.take()) {
            too_many();
            return std::nullopt;
        }
        const auto made = atom::make(name);
        return made ? std::optional(*made) : std::nullopt;
    }

    void part_with(const std::string& name) {
        if (!how_.disconnect_gone) return;
        const auto node = atom::existing(name);
        const auto c = node ? core_->find(*node) : nullptr;
        if (!c) return;
        core_->post([c] {
            c->lose(node_errc::connection_lost, "it has gone from where nodes are searched for",
                    "disconnect"_a);
        });
    }

    void too_many() {
        if (std::exchange(told_of_too_many_, true)) return;
        log(node_log_level::warning,
            fmt::format("so many nodes were found that further ones are ignored (limit "
                        "discovery::settings::max_nodes, {})",
                        how_.max_nodes));
    }

    void log(node_log_level level, std::string text) const { core_->log(level, {}, {}, {}, std::move(text)); }

    const std::shared_ptr<node_core> core_;
    const std::vector<strategy_ptr> strategies_;
    std::vector<std::string> troubles_;  // of each: what it has complained of last
    const settings how_;
    candidates nodes_;
    etf::atom_budget new_names_;
    std::unordered_map<pid, std::size_t> running_;
    std::size_t dialling_ = 0;
    bool told_of_too_many_ = false;
};

}  // namespace

// ---- what strategies say

void findings::found(std::vector<std::string> nodes) const {
    system_->deliver_message(to_, make_native(report{strategy_, false, std::move(nodes)}));
}
void findings::all(std::vector<std::string> nodes) const {
    system_->deliver_message(to_, make_native(report{strategy_, true, std::move(nodes)}));
}
void findings::trouble(std::string text) const {
    system_->deliver_message(to_, make_native(complaint{strategy_, std::move(text)}));
}

// ---- the service

result<service> start(rakka::system& s, std::vector<strategy_ptr> strategies, const settings& how) {
    if (std::find(strategies.begin(), strategies.end(), nullptr) != strategies.end() || how.max_dials == 0)
        return error_code(node_errc::bad_option);
    auto* const way_out = dynamic_cast<detail::router*>(s.router());
    if (way_out == nullptr || way_out->core().stopping) return error_code(node_errc::bad_option);
    try {
        const pid p = s.spawn([core = way_out->core().shared_from_this(), strategies = std::move(strategies),
                               how] { searcher(core, strategies, how).run(); });
        return service(s, p);
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
}

service::service(service&& other) noexcept
    : system_(other.system_), process_(std::exchange(other.process_, pid{})) {}

service& service::operator=(service&& other) noexcept {
    std::swap(system_, other.system_);
    std::swap(process_, other.process_);
    return *this;
}

service::~service() {
    stop();
}

void service::stop() noexcept {
    if (!process_) return;
    try {
        system_->exit(std::exchange(process_, pid{}), atoms::known<"kill">);
    } catch (...) {
        // no memory for a signal: it goes on, with the node
    }
}

}  // namespace rakka::discovery
