#include "engine/scheduler_state.hpp"
#include "system_core.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/simulation.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>

namespace rakka::testing {

namespace {

std::optional<std::uint64_t> seed_asked_for() {
    const char* const text = std::getenv("RAKKA_SEED");
    if (text == nullptr || *text == '\0') return std::nullopt;
    const std::string_view digits(text);
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
    if (error != std::errc{} || end != digits.data() + digits.size())
        throw std::invalid_argument(fmt::format("RAKKA_SEED={} is no number below 2^64", text));
    return seed;
}

std::string text_of(const std::exception_ptr& e) {
    try {
        std::rethrow_exception(e);
    } catch (const process_exit& exit) {
        return "exit with reason " + exit.reason.to_string();
    } catch (const term& thrown) {
        return "a term was thrown: " + thrown.to_string();
    } catch (const std::exception& error) {
        return error.what();
    } catch (...) {
        return "an exception of an unknown type";
    }
}

system_options with_seed(system_options o, std::uint64_t seed) {
    o.simulation = true;
    o.seed = seed;
    return o;
}

}  // namespace

simulation_failed::simulation_failed(std::uint64_t seed, const std::string& why, std::string trace,
                                     std::exception_ptr cause)
    : std::runtime_error(
          fmt::format("the simulation with seed {0} failed: {1} (RAKKA_SEED={0} replays it)", seed, why)),
      seed_(seed),
      trace_(std::make_shared<const std::string>(std::move(trace))),
      cause_(std::move(cause)) {}

struct simulation::state {
    state(const system_options& options, std::uint64_t s)
        : seed(s), random(detail_seed(s)), home(with_seed(options, s)) {}

    // Not the numbers that the scheduler draws.
    static std::uint64_t detail_seed(std::uint64_t s) noexcept { return rakka::detail::mixed_random(s)(); }

    const std::uint64_t seed;
    rakka::detail::mixed_random random;
    std::string trace;
    std::optional<std::string> failed;  // the first check that did
    rakka::system home;                 // last: its processes use the rest
};

simulation::simulation(const system_options& options, std::uint64_t seed)
    : state_(std::make_unique<state>(options, seed)) {}

simulation::~simulation() = default;

rakka::system& simulation::system() noexcept {
    return state_->home;
}

std::uint64_t simulation::seed() const noexcept {
    return state_->seed;
}

void simulation::check(bool holds, std::string_view what) {
    if (holds) return;
    note(fmt::format("check failed: {}", what));
    if (!state_->failed) state_->failed = std::string(what);
    throw std::runtime_error(fmt::format("check failed: {}", what));
}

void simulation::note(std::string_view text) {
    const auto& worker = *state_->home.core().scheduling().internals().workers.front();
    fmt::format_to(std::back_inserter(state_->trace), "{} {}: {}\n", worker.look().slice,
                   state_->home.now().count(), text);
}

const std::string& simulation::trace() const noexcept {
    return state_->trace;
}

std::uint32_t simulation::random(std::uint32_t limit) noexcept {
    return state_->random.below(limit);
}

simulation_failed simulation::failure(const std::exception_ptr& cause) const {
    const bool by_check = state_->failed.has_value();
    return {state_->seed, by_check ? *state_->failed : text_of(cause), state_->trace,
            by_check ? nullptr : cause};
}

std::chrono::nanoseconds next_timer(rakka::system& s) noexcept {
    return s.core().scheduling().internals().next_timer();
}

void advance_time(rakka::system& s, std::chrono::nanoseconds to) noexcept {
    s.core().scheduling().internals().virtual_time.advance_to(to);
}

void simulate(const simulation_options& options, const std::function<void(simulation&)>& body) {
    const auto one = seed_asked_for();
    const std::uint64_t first = one.value_or(options.first_seed);
    const std::size_t count = one ? 1 : options.seeds;
    for (std::size_t i = 0; i < count; ++i) {
        simulation run(options.system, first + i);
        std::exception_ptr thrown;
        try {
            body(run);
            run.system().run_until_idle(options.time_limit);
        } catch (...) {
            thrown = std::current_exception();
        }
        run.system().stop();
        if (thrown || run.state_->failed) throw run.failure(thrown);
    }
}

}  // namespace rakka::testing
