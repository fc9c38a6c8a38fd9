#include "behaviour/apply.hpp"
#include "behaviour/class_name.hpp"
#include "behaviour/gen_failure.hpp"
#include "supervisor/child_kind.hpp"
#include "task/start_task.hpp"

#include <rakka/actors/aliases.hpp>
#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/saturated.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/otp/task.hpp>

#include <algorithm>

namespace rakka {
namespace task {

void throw_exception_from_error(const exited& e, const boost::source_location&) {
    throw process_exit{e.reason};
}

milliseconds detail::time_now() {
    return std::chrono::duration_cast<milliseconds>(this_system().now());
}

wait_time detail::time_left(wait_time timeout, milliseconds begin) {
    if (!timeout) return std::nullopt;
    return std::max(*timeout - (time_now() - begin), milliseconds(0));
}

}  // namespace task

namespace detail {
namespace {

const atom elixir_task = "Elixir.Task"_a;

class named_code final : public task_code {
public:
    named_code(atom module, atom function, std::vector<term> arguments)
        : module_(module), function_(function), arguments_(std::move(arguments)) {}
    term run() override { return apply_exported(module_, function_, arguments_); }
    [[nodiscard]] term mfa() const override { return tuple(module_, function_, arguments_.size()); }

private:
    atom module_;
    atom function_;
    std::vector<term> arguments_;
};

bool is_reply(const reference& tag, term_view m) noexcept {
    if (!m.is_tuple(2)) return false;
    const auto r = m.tuple()[0].as<reference>();
    return r && *r == tag;
}

/// Of the process that a 'DOWN' message is about.
atom node_of_down(term_view down) {
    const term_view object = down.tuple()[3];
    if (const auto p = object.as<pid>()) return p->node;
    const auto node = object.is_tuple(2) ? object.tuple()[1].as<atom>() : result<atom>(atom());
    return node ? *node : atom();
}

term reason_of_down(const term& down) {
    return down.share(down.tuple()[4]);
}

/// The reason as the functions of Task have it.
term told_reason(const term& down) {
    const term reason = reason_of_down(down);
    if (!reason.is_atom("noconnection"_a)) return reason;
    return tuple("nodedown"_a, node_of_down(down.view()));
}

/// Waits for the end of what has been asked to end; by `kill` when that takes too long.
term down_of(const reference& mon, const pid& process, std::optional<std::chrono::milliseconds> timeout) {
    const auto is_end = [&](term_view m) { return is_down(mon, m); };
    if (auto down = receive_if(mon, is_end, saturated(timeout))) return *std::move(down);
    exit(process, atoms::known<"kill">);
    return *receive_if(mon, is_end);
}

}  // namespace

term mfa_of(const std::type_info& type) {
    return tuple(class_name(type), "run"_a, 0);
}

shared_code to_code(atom module, atom function, term arguments) {
    auto all = elements_of(arguments);
    if (!all) error(atoms::known<"badarg">);
    return std::make_shared<named_code>(module, function, *std::move(all));
}

// -- the owner's end
// -----------------------------------------------------------------------------------------------------

task_core::task_core(const pid& process, const reference& tag, const reference& monitor, term mfa)
    : process_(process), owner_(self()), tag_(tag), monitor_(monitor), mfa_(std::move(mfa)), waiting_(true) {}

task_core::task_core(task_core&& other) noexcept
    : process_(other.process_),
      owner_(other.owner_),
      tag_(other.tag_),
      monitor_(other.monitor_),
      mfa_(std::move(other.mfa_)),
      waiting_(std::exchange(other.waiting_, false)) {}

task_core& task_core::operator=(task_core&& other) noexcept {
    if (this == &other) return *this;
    forget();
    process_ = other.process_;
    owner_ = other.owner_;
    tag_ = other.tag_;
    monitor_ = other.monitor_;
    mfa_ = std::move(other.mfa_);
    waiting_ = std::exchange(other.waiting_, false);
    return *this;
}

void task_core::require_owner() const {
    if (!owner_ || owner_ != self()) error(atoms::known<"badarg">);
}

term task_core::to_term() const {
    const term process = process_ ? term(process_) : term("nil"_a);
    return map("__struct__"_a, elixir_task, "mfa"_a, mfa_, "owner"_a, owner_, "pid"_a, process, "ref"_a,
               tag_);
}

bool task_core::is_news(term_view message) const noexcept {
    return waiting_ && (is_reply(tag_, message) || is_down(monitor_, message));
}

task_news task_core::take(const term& message) {
    waiting_ = false;
    if (is_down(monitor_, message)) {
        unalias(tag_);
        return {.exited = true, .value = reason_of_down(message)};
    }
    demonitor(monitor_, {.flush = true});
    return {.exited = false, .value = message.share(message.tuple()[1])};
}

template <class Arguments>
task_news task_core::take_or_fail(const term& message, atom function, const Arguments& arguments) {
    task_news news = take(message);
    if (news.exited && news.value.is_atom("noconnection"_a))
        fail_in(told_reason(message), elixir_task, function, arguments);
    return news;
}

std::optional<task_news> task_core::check(const term& message) {
    require_owner();
    if (!is_news(message)) return std::nullopt;
    return take(message);
}

std::optional<task_news> task_core::yield(wait_time timeout) {
    require_owner();
    if (!waiting_) return std::nullopt;
    const auto message = receive_if(
        monitor_, [&](term_view m) { return is_news(m); }, saturated(timeout));
    if (!message) return std::nullopt;
    return take_or_fail(*message, "yield"_a, list(to_term(), timeout_term(timeout)));
}

term task_core::await(wait_time timeout) {
    require_owner();
    if (!waiting_) error(atoms::known<"badarg">);
    const auto message = receive_if(
        monitor_, [&](term_view m) { return is_news(m); }, saturated(timeout));
    const auto fail = [&](const term& reason) {
        fail_in(reason, elixir_task, "await"_a, list(to_term(), timeout_term(timeout)));
    };
    if (!message) {
        forget();
        fail(atoms::known<"timeout">);
    }
    const task_news news = take(*message);
    if (news.exited) fail(told_reason(*message));
    return news.value;
}

/// A kill of the caller between the two would leave the task behind.
void task_core::unlink_and_exit(const term& reason) const {
    const defer_exit together;
    unlink(process_);
    exit(process_, reason);
}

std::optional<task_news> task_core::shutdown(wait_time timeout, bool brutal) {
    require_owner();
    if (!process_) error(atoms::known<"badarg">);
    const term arguments = list(to_term(), brutal ? term("brutal_kill"_a) : timeout_term(timeout));
    const reference mon = monitor(process_);
    unlink_and_exit(brutal ? atoms::known<"kill"> : atoms::known<"shutdown">);
    const term down = down_of(mon, process_, brutal ? std::nullopt : timeout);
    term reason = reason_of_down(down);
    // What came before it ended counts: its result, or a reason that the second monitor came too late for.
    if (waiting_) {
        const auto news = receive_if(
            monitor_, [&](term_view m) { return is_news(m); }, std::chrono::nanoseconds{0});
        forget();
        if (news && is_reply(tag_, *news))
            return task_news{.exited = false, .value = news->share(news->tuple()[1])};
        if (news && reason.is_atom(atoms::known<"noproc">)) reason = reason_of_down(*news);
    }
    if (reason.is_atom("noconnection"_a)) fail_in(told_reason(down), elixir_task, "shutdown"_a, arguments);
    const bool as_asked = reason.is_atom(brutal ? "killed"_a : atoms::known<"shutdown">);
    if (as_asked) return std::nullopt;
    return task_news{.exited = true, .value = reason};
}

std::optional<task_news> task_core::ignore() {
    require_owner();
    if (!waiting_) return std::nullopt;
    const auto message = receive_if(
        monitor_, [&](term_view m) { return is_news(m); }, std::chrono::nanoseconds{0});
    if (process_) unlink(process_);
    if (message) return take_or_fail(*message, "ignore"_a, list(to_term()));
    forget();
    return std::nullopt;
}

void task_core::kill() noexcept {
    if (!waiting_ || !process_ || !in_process() || owner_ != self()) return;
    const defer_exit no_throw;
    unlink(process_);
    exit(process_, atoms::known<"kill">);
    forget();
}

void task_core::forget() noexcept {
    if (!std::exchange(waiting_, false) || !in_process() || owner_ != self()) return;
    const defer_exit no_throw;
    unalias(tag_);
    demonitor(monitor_, {.flush = true});
    static_cast<void>(receive_if(
        monitor_, [&](term_view m) { return is_reply(tag_, m); }, std::chrono::nanoseconds{0}));
}

void fail_await_many(const term& reason, const term& tasks,
                     std::optional<std::chrono::milliseconds> timeout) {
    fail_in(reason, elixir_task, "await_many"_a, list(tasks, timeout_term(timeout)));
}

// -- several
// -------------------------------------------------------------------------------------------------------------

void task_set::insert(const task_core& task, std::size_t place) {
    places_.insert_or_assign(task.tag(), place);
    places_.insert_or_assign(task.monitor_reference(), place);
}

void task_set::erase(const task_core& task) {
    places_.erase(task.tag());
    places_.erase(task.monitor_reference());
}

const std::size_t* task_set::place_of(term_view message) const {
    const bool reply = message.is_tuple(2);
    if (!reply && !message.is_tagged("DOWN"_a, 5)) return nullptr;
    const auto ref = message.tuple()[reply ? 0 : 1].as<reference>();
    if (!ref) return nullptr;
    const auto found = places_.find(*ref);
    return found == places_.end() ? nullptr : &found->second;
}

std::optional<std::pair<std::size_t, term>> task_set::wait(task_core::wait_time timeout) const {
    const auto wanted = [&](term_view m) { return place_of(m) != nullptr; };
    auto message = timeout ? receive_if(wanted, saturated(*timeout)) : std::optional(receive_if(wanted));
    if (!message) return std::nullopt;
    const std::size_t place = *place_of(*message);
    return std::pair{place, *std::move(message)};
}

}  // namespace detail
}  // namespace rakka
