#include "random_bits.hpp"
#include "simulation/memory_network.hpp"
#include "transport/loop_world.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/io.hpp>
#include <rakka/etf/replay.hpp>
#include <rakka/node/simulation.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iterator>
#include <map>
#include <stdexcept>
#include <system_error>

namespace rakka::testing {

using detail::memory_host;
using detail::memory_network;
using detail::moment;

namespace {

// Before the first atom, and with it the first hash, is made.
[[gnu::constructor(101)]] void fix_hashes_of_the_program() {
    etf::replay::fix_hashes();
}

constexpr std::uint64_t computing_takes_at_most = 20'000;  // nanoseconds a slice

/// What a node's event loop sees of the simulation.
class memory_world final : public transport::loop_world {
public:
    memory_world(memory_network& net, std::shared_ptr<memory_host> host,
                 std::function<void(const std::function<bool()>&)> run)
        : net_(net), host_(std::move(host)), run_(std::move(run)) {}

    void call_later(std::chrono::nanoseconds delay, std::function<void()> expired) override {
        net_.events().after(delay, [h = host_, expired = std::move(expired)] { h->post(expired); });
    }
    void connect(const std::string&, std::uint16_t port, connected done) override {
        net_.connect(host_, port, std::move(done));
    }
    result<std::uint16_t> listen(const std::string&, std::uint16_t, std::uint16_t) override {
        return net_.listen(host_);
    }
    void accept(std::uint16_t port, accepted call) override { net_.accept(port, std::move(call)); }
    void close(std::uint16_t port) noexcept override { net_.close(port); }
    void run_until(const std::function<bool()>& done) override { run_(done); }

private:
    memory_network& net_;
    std::shared_ptr<memory_host> host_;
    std::function<void(const std::function<bool()>&)> run_;
};

}  // namespace

struct simulated_node::state {
    state(network_simulation& h) : home(h) {}
    network_simulation& home;
    std::size_t machine = 0;
    node_options options;
    atom name;
    unsigned incarnation = 0;
    std::shared_ptr<memory_host> host;
    std::unique_ptr<rakka::system> sys;
    std::optional<rakka::node> running;
};

struct network_simulation::state {
    state(std::uint64_t s, const network_simulation_options& o)
        : seed(s), options(o), random(s), numbers(~s), net(events, numbers, o.faults) {}

    bool step(moment limit);
    void advance_to(moment t);
    void start(simulated_node::state& m);
    void end(simulated_node::state& m, bool with_machine);

    const std::uint64_t seed;
    const network_simulation_options options;
    detail::seeded_numbers random;   // the program's own
    detail::seeded_numbers numbers;  // all others
    detail::agenda events;
    memory_network net;
    std::map<std::string, std::uint16_t> ports;  // of the nodes, by name: in place of epmd
    std::string trace;
    std::optional<std::string> failed;
    std::vector<std::unique_ptr<simulated_node>> nodes;
    std::vector<simulated_node::state*> up;
    detail::predictable_bits bits{[this](void* to, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i)
            static_cast<unsigned char*>(to)[i] = static_cast<unsigned char>(numbers.next());
    }};
};

// ---- time

void network_simulation::state::advance_to(moment t) {
    events.advance_to(t);
    for (simulated_node::state* m : up)
        advance_time(*m->sys, t);
}

/// Something happens, at the latest at `limit`; false when nothing is to come before.
bool network_simulation::state::step(moment limit) {
    const std::size_t first = up.empty() ? 0 : numbers.below(up.size());
    for (std::size_t i = 0; i < up.size(); ++i) {
        if (!up[(first + i) % up.size()]->sys->run_one()) continue;
        // Computing takes time, in which other things happen.
        if (numbers.one_in(4))
            advance_to(std::min(limit, events.now() + moment(numbers.below(computing_takes_at_most))));
        return true;
    }
    for (simulated_node::state* m : up)
        if (io_context_of(*m->sys).poll_one() != 0) return true;  // posted at the end of a slice
    moment due = events.next();
    for (simulated_node::state* m : up)
        due = std::min(due, next_timer(*m->sys));
    const bool nothing = due > limit;
    advance_to(nothing ? limit : std::max(due, events.now()));
    return !nothing;
}

void network_simulation::run_for(std::chrono::nanoseconds span) {
    const moment end = now() + span;
    while (state_->step(end)) {
    }
}

bool network_simulation::run_until(const std::function<bool()>& done, std::chrono::nanoseconds limit) {
    const moment end = now() + limit;
    while (!done()) {
        if (!state_->step(end)) return done();
    }
    return true;
}

bool network_simulation::run(simulated_node& where, std::function<void()> body,
                             std::chrono::nanoseconds limit) {
    const auto over = std::make_shared<bool>(false);
    const auto well = std::make_shared<bool>(false);
    struct ending {
        std::shared_ptr<bool> over;
        ~ending() { *over = true; }
    };
    where.system().spawn([over, well, body = std::move(body)] {
        const ending e{over};
        body();
        *well = true;
    });
    return run_until([over] { return *over; }, limit) && *well;
}

// ---- nodes

simulated_node::simulated_node(network_simulation& home) : state_(std::make_unique<state>(home)) {}
simulated_node::~simulated_node() = default;

bool simulated_node::is_up() const noexcept {
    return state_->running.has_value();
}
rakka::system& simulated_node::system() noexcept {
    return *state_->sys;
}
rakka::node& simulated_node::node() noexcept {
    return *state_->running;
}
atom simulated_node::name() const noexcept {
    return state_->name;
}
unsigned simulated_node::incarnation() const noexcept {
    return state_->incarnation;
}

void network_simulation::state::start(simulated_node::state& m) {
    system_options o = options.system;
    o.simulation = true;
    o.seed = numbers.next() | 1U;
    ++m.incarnation;
    m.sys = std::make_unique<rakka::system>(o);
    advance_time(*m.sys, events.now());
    transport::io_loop& io = io_context_of(*m.sys);
    m.host =
        std::make_shared<memory_host>(memory_host{m.machine, fmt::format("10.0.0.{}", m.machine + 1), &io});
    net.add_machine(m.machine);
    transport::set_world(io, std::make_shared<memory_world>(net, m.host, [&m](const auto& done) {
                             if (!m.home.run_until(done, std::chrono::hours(1)))
                                 throw std::logic_error("rakka: what is waited for does not happen");
                         }));
    up.push_back(&m);
    auto started = rakka::node::start(*m.sys, m.options);
    if (!started) throw std::runtime_error(started.error().message);
    m.running.emplace(std::move(*started));
    ports[std::string(m.name.text())] = m.running->port();
}

simulated_node& network_simulation::start(node_options options) {
    state& s = *state_;
    s.nodes.push_back(std::make_unique<simulated_node>(*this));
    simulated_node::state& m = *s.nodes.back()->state_;
    m.machine = s.nodes.size() - 1;
    m.name = atom::make(options.name).value();
    if (!options.cookie) options.cookie = *cookie::from_text("simulated");
    options.epmd = epmd_mode::none;
    options.first_port = options.last_port = 0;
    options.peer_port = [&s](const std::string& peer) {
        const auto it = s.ports.find(peer);
        return it == s.ports.end() ? std::nullopt : std::optional(it->second);
    };
    options.log = [this, also = std::move(options.log)](const node_log_event& e) {
        note(fmt::format("{}: {}: {}", e.node, to_string(e.level), e.text));
        if (also) also(e);
    };
    m.options = std::move(options);
    s.start(m);
    return *s.nodes.back();
}

void network_simulation::restart(simulated_node& which) {
    note(fmt::format("{} starts again", which.name().text()));
    state_->start(*which.state_);
}

void network_simulation::state::end(simulated_node::state& m, bool with_machine) {
    if (!m.sys) return;
    // After the crash of a machine, or some that are not so lucky, epmd does not know of it yet.
    if (!with_machine) ports.erase(std::string(m.name.text()));
    if (m.host) net.remove(*m.host, with_machine);
    std::erase(up, &m);
    m.sys->stop();
    m.running.reset();
    m.sys.reset();
    m.host = nullptr;
}

void network_simulation::crash(simulated_node& which, crash_of what) {
    note(fmt::format("{} crashes{}", which.name().text(),
                     what == crash_of::machine ? " with its machine" : ""));
    state_->end(*which.state_, what == crash_of::machine);
}

void network_simulation::stop(simulated_node& which) {
    note(fmt::format("{} stops", which.name().text()));
    which.node().stop();
    state_->end(*which.state_, false);
}

std::vector<simulated_node*> network_simulation::nodes() const {
    std::vector<simulated_node*> all;
    for (const auto& n : state_->nodes)
        all.push_back(n.get());
    return all;
}

// ---- the network

void network_simulation::heal() {
    note("the network heals");
    for (std::size_t from = 0; from < state_->nodes.size(); ++from)
        for (std::size_t to = 0; to < state_->nodes.size(); ++to)
            if (state_->net.blocked(from, to)) state_->net.block(from, to, false);
}

void network_simulation::partition(const std::vector<simulated_node*>& side) {
    heal();
    std::string names;
    for (simulated_node* n : side)
        names += ' ' + std::string(n->name().text());
    note(fmt::format("parted from the others:{}", names));
    for (const auto& other : state_->nodes) {
        if (std::find(side.begin(), side.end(), other.get()) != side.end()) continue;
        for (simulated_node* n : side) {
            state_->net.block(n->state_->machine, other->state_->machine, true);
            state_->net.block(other->state_->machine, n->state_->machine, true);
        }
    }
}

void network_simulation::block(simulated_node& from, simulated_node& to) {
    note(fmt::format("nothing gets from {} to {}", from.name().text(), to.name().text()));
    state_->net.block(from.state_->machine, to.state_->machine, true);
}

void network_simulation::cut(simulated_node& one, simulated_node& other) {
    note(fmt::format("cut: {} and {}", one.name().text(), other.name().text()));
    state_->net.cut(one.state_->machine, other.state_->machine);
}

void network_simulation::silence(simulated_node& from, simulated_node& to) {
    note(fmt::format("half-open: {} to {}", from.name().text(), to.name().text()));
    state_->net.silence(from.state_->machine, to.state_->machine);
}

network_faults& network_simulation::faults() noexcept {
    return state_->net.faults();
}

// ---- the run

network_simulation::network_simulation(std::uint64_t seed, const network_simulation_options& options) {
    etf::replay::sort_origins();
    state_ = std::make_unique<state>(seed, options);
}

network_simulation::~network_simulation() {
    for (const auto& n : state_->nodes)
        state_->end(*n->state_, false);
    state_->events.clear();
}

std::chrono::nanoseconds network_simulation::now() const noexcept {
    return state_->events.now();
}
std::uint64_t network_simulation::seed() const noexcept {
    return state_->seed;
}
const std::string& network_simulation::trace() const noexcept {
    return state_->trace;
}
std::uint32_t network_simulation::random(std::uint32_t limit) noexcept {
    return static_cast<std::uint32_t>(state_->random.below(limit));
}
std::uint64_t network_simulation::fingerprint() const noexcept {
    return state_->net.fingerprint();
}
const std::optional<std::string>& network_simulation::failed() const noexcept {
    return state_->failed;
}

void network_simulation::note(std::string_view text) {
    fmt::format_to(std::back_inserter(state_->trace), "{}: {}\n", now().count(), text);
}

void network_simulation::check(bool holds, std::string_view what) {
    if (holds) return;
    note(fmt::format("check failed: {}", what));
    if (!state_->failed) state_->failed = std::string(what);
    throw std::runtime_error(fmt::format("check failed: {}", what));
}

namespace {

std::optional<std::uint64_t> seed_asked_for() {
    const char* const text = std::getenv("RAKKA_SEED");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (text == nullptr || *text == '\0') return std::nullopt;
    std::uint64_t seed = 0;
    const char* const last = text + std::strlen(text);
    const auto [end, error] = std::from_chars(text, last, seed);
    if (error != std::errc{} || end != last)
        throw std::invalid_argument(fmt::format("RAKKA_SEED={} is no number below 2^64", text));
    return seed;
}

std::string text_of(const std::exception_ptr& e) {
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& error) {
        return error.what();
    } catch (const process_exit& exit) {
        return "exit with reason " + exit.reason.to_string();
    } catch (...) {
        return "an exception of an unknown type";
    }
}

}  // namespace

void simulate_network(const network_simulation_options& options,
                      const std::function<void(network_simulation&)>& body) {
    const auto one = seed_asked_for();
    const std::uint64_t first = one.value_or(options.first_seed);
    const std::size_t count = one ? 1 : options.seeds;
    for (std::size_t i = 0; i < count; ++i) {
        network_simulation run(first + i, options);
        std::exception_ptr thrown;
        try {
            body(run);
            run.run_for(options.time_after);
        } catch (...) {
            thrown = std::current_exception();
        }
        if (!thrown && !run.failed()) continue;
        throw simulation_failed(run.seed(), run.failed() ? *run.failed() : text_of(thrown), run.trace(),
                                run.failed() ? nullptr : thrown);
    }
}

}  // namespace rakka::testing
