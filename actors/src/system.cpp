#include "engine/scheduler_state.hpp"
#include "routing.hpp"
#include "start_process.hpp"
#include "tracing.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/actors/throw_trace.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/local_origin.hpp>

#include <boost/system/system_error.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace rakka {

using namespace detail;

namespace {

// The calling process, if it is one of this system.
process* caller_in(const system_core& core) noexcept {
    process* const p = current_process_or_null();
    return p != nullptr && p->system == &core ? p : nullptr;
}

// Whom signals sent now are from.
pid sender_in(const system_core& core) noexcept {
    process* const caller = caller_in(core);
    return caller == nullptr ? core.nobody() : caller->pid();
}

pid started(const result<pid>& made) {
    if (!made) throw boost::system::system_error(made.error(), "spawn");
    return *made;
}

// What a foreign thread waits for in run(); guarded by the core's living_mutex.
struct outcome_of_run {
    bool over = false;
    std::exception_ptr exception{};
    bool returned = false;
};

class reported_body final : public process_body {
public:
    reported_body(system_core& core, std::unique_ptr<process_body> inner, std::shared_ptr<outcome_of_run> out)
        : core_(core), inner_(std::move(inner)), out_(std::move(out)) {}
    ~reported_body() override { finish(); }
    void run() override {
        RAKKA_TAKES_DOWN_THROWS;
        try {
            inner_->run();
            returned_ = true;
        } catch (...) {
            exception_ = std::current_exception();
            throw;
        }
    }
    bool outlives_process() const noexcept override { return true; }
    void left_standing(const term& reason) noexcept override {
        exception_ = std::make_exception_ptr(process_exit{reason});
        finish();
    }
    const std::type_info& code() const noexcept override { return inner_->code(); }

private:
    void finish() noexcept {
        const std::lock_guard lock(core_.living_mutex);
        out_->exception = std::move(exception_);
        out_->returned = returned_;
        out_->over = true;
        core_.all_ended.notify_all();
    }

    system_core& core_;
    std::unique_ptr<process_body> inner_;
    std::shared_ptr<outcome_of_run> out_;
    std::exception_ptr exception_;
    bool returned_ = false;
};

std::chrono::steady_clock::time_point in(std::chrono::nanoseconds span) noexcept {
    const auto now = std::chrono::steady_clock::now();
    const auto most = std::chrono::steady_clock::time_point::max() - now;
    return span < most ? now + span : std::chrono::steady_clock::time_point::max();
}

// Virtual time a simulated run() may take without ending before it counts as stuck.
constexpr std::chrono::hours simulation_patience(24 * 365);

}  // namespace

system::system(system_options options) : core_(std::make_unique<system_core>(*this, options)) {
    if (options.start_at_once) start();
}

void system::start() {
    try {
        core_->scheduling().run();
    } catch (...) {
        core_->stopping.store(true);
        throw;
    }
}

system::~system() {
    stop();
}

std::size_t system::stop(std::chrono::nanoseconds grace) {
    system_core& core = *core_;
    const std::lock_guard one_at_a_time(core.stop_mutex);
    if (core.over) return core.living.load(std::memory_order_acquire);  // written by stop() alone
    core.stopping.store(true);  // in one order with the count of who has been let in, see admit()
    const auto give_up = in(grace);
    for (std::uint32_t left = 0; (left = core.living.load(std::memory_order_acquire)) != 0;) {
        // Again each time: a process that was being started had no identity yet.
        for (const pid& p : processes())
            exit(p, atoms::known<"kill">);
        // Those that have not run will not, but their bodies are destroyed as any process's.
        if (!core.scheduling().has_begun()) {
            try {
                start();
            } catch (const std::system_error&) {
                break;  // no thread to do it on: they are abandoned
            }
        }
        if (core.scheduling().simulated()) {
            core.scheduling().run_until_idle(grace);
            // Nobody has ended: being told again wakes those that are left, but does not help.
            if (core.living.load(std::memory_order_acquire) == left) break;
            continue;
        }
        std::unique_lock lock(core.living_mutex);
        core.all_ended.wait_for(lock, std::chrono::milliseconds(20),
                                [&] { return core.living.load(std::memory_order_acquire) == 0; });
        if (std::chrono::steady_clock::now() > give_up) break;
    }
    core.scheduling().stop(detail::nanoseconds{0}, [&core] {
        const std::lock_guard lock(core.loop_mutex);
        core.loop_ended = true;
        core.loop_changed.notify_all();
    });
    {
        // Nobody waits any longer for those that were abandoned.
        const std::lock_guard lock(core.living_mutex);
        core.over = true;
        core.all_ended.notify_all();
    }
    return core.living.load(std::memory_order_acquire);
}

void system::run_until_done() {
    system_core& core = *core_;
    start();
    if (core.scheduling().simulated()) {
        while (core.living.load(std::memory_order_acquire) != 0 && core.scheduling().run_until_idle() != 0) {
        }
        return;
    }
    std::unique_lock lock(core.living_mutex);
    core.all_ended.wait(lock, [&] { return core.over || core.living.load(std::memory_order_acquire) == 0; });
}

bool system::running() const noexcept {
    return core_->scheduling().has_begun() && !core_->stopping.load(std::memory_order_acquire);
}

runtime_mode system::mode() const noexcept {
    return core_->mode;
}

pid system::spawn(std::unique_ptr<process_body> body, const spawn_options& options) {
    return started(start_process(*core_, caller_in(*core_), {std::move(body), nullptr}, options, nullptr));
}

pid system::spawn(std::unique_ptr<message_handler> handler, const spawn_options& options) {
    return started(start_process(*core_, caller_in(*core_), {nullptr, std::move(handler)}, options, nullptr));
}

void system::run_and_wait(std::unique_ptr<process_body> body) {
    if (current_worker() != nullptr) throw std::logic_error("rakka: system::run is for foreign threads");
    start();
    system_core& core = *core_;
    const auto out = std::make_shared<outcome_of_run>();
    const pid p = spawn(std::make_unique<reported_body>(core, std::move(body), out));
    scheduler& s = core.scheduling();
    if (s.simulated()) {
        const auto patience = now() + simulation_patience;
        while (!out->over) {
            if (s.run_one()) continue;
            if (s.internals().next_timer() == never || now() > patience) {
                // What it has of the caller's is about to go.
                exit(p, atoms::known<"kill">);
                s.run_until_idle(nanoseconds{0});
                throw std::logic_error(
                    "rakka: the simulation is stuck: nothing is runnable, no timer is pending");
            }
            s.run_for(s.internals().next_timer() - now());
        }
    }
    std::unique_lock lock(core.living_mutex);
    core.all_ended.wait(lock, [&] { return out->over || core.over; });
    if (out->exception) std::rethrow_exception(out->exception);
    if (!out->returned) throw process_exit{atoms::known<"killed">};
}

bool system::send(const destination& to, term message) {
    system_core& core = *core_;
    process* const caller = caller_in(core);
    if (caller == nullptr) return send_notice(core, to, std::move(message));
    trace_state* const t = trace_of(*caller);
    const auto* const name = std::get_if<atom>(&to);
    if (name != nullptr && t == nullptr) return send_name_here(core, *name, std::move(message));
    if (name != nullptr && core.names.find(*name).serial == 0) return false;
    constexpr send_flags flags{.nosuspend = true};
    const auto outcome = t != nullptr ? send_anywhere_traced(*caller, *t, to, message, flags)
                                      : send_anywhere(core, caller->pid(), to, message, flags);
    return outcome != remote_router::outcome::no_connection;
}

void system::exit(const pid& to, term reason) {
    const pid target = localised(*core_, to);
    const pid from = sender_in(*core_);
    if (is_here(*core_, target)) {
        deliver_exit2(from, target, std::move(reason));
    } else if (remote_router* const r = router()) {
        if (!is_dead_incarnation(*core_, target)) r->exit2(from, target, std::move(reason));
    }
}

bool system::is_alive(const pid& p) const noexcept {
    const pid target = localised(*core_, p);
    return is_here(*core_, target) && find_alive(*core_, target) != nullptr;
}

std::vector<pid> system::processes() const {
    std::vector<pid> out;
    const std::uint32_t used = core_->table.used();
    for (std::uint32_t slot = 0; slot < used; ++slot) {
        const auto identity = core_->table.find(slot)->identity.load(std::memory_order_acquire);
        if (identity >> 32 != 0)
            out.push_back({{}, slot, static_cast<std::uint32_t>(identity >> 32), core_->origin});
    }
    return out;
}

std::size_t system::process_count() const noexcept {
    return core_->living.load(std::memory_order_acquire);
}

void system::disable_warnings(bool off) noexcept {
    core_->warnings_disabled.store(off, std::memory_order_relaxed);
}

std::uint32_t system::origin() const noexcept {
    return core_->origin;
}

pid system::nobody() const noexcept {
    return core_->nobody();
}

atom system::node_name() const noexcept {
    return etf::local_origin::identity(core_->origin).name;
}

reference system::make_reference() noexcept {
    const std::uint64_t n = core_->references.fetch_add(1, std::memory_order_relaxed);
    return {{},
            core_->origin,
            3,
            {static_cast<std::uint32_t>(n) & 0x3ffff, static_cast<std::uint32_t>(n >> 18),
             static_cast<std::uint32_t>(n >> 50), 0, 0}};
}

export_table& system::exports() noexcept {
    return core_->exports;
}

void system::set_router(remote_router* router) noexcept {
    core_->router.store(router, std::memory_order_release);
}

remote_router* system::router() const noexcept {
    return core_->router.load(std::memory_order_acquire);
}

bool system::run_one() {
    start();
    return core_->scheduling().run_one();
}
std::size_t system::run_ready() {
    start();
    return core_->scheduling().run_ready();
}
std::size_t system::run_until_idle(std::chrono::nanoseconds horizon) {
    start();
    return core_->scheduling().run_until_idle(horizon);
}
std::size_t system::run_for(std::chrono::nanoseconds span) {
    start();
    return core_->scheduling().run_for(span);
}

std::chrono::nanoseconds system::now() const noexcept {
    return core_->now();
}

}  // namespace rakka
