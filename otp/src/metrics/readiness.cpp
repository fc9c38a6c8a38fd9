#include "metrics/call_gate.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/otp/readiness.hpp>
#include <rakka/otp/shutdown.hpp>

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace rakka {

namespace detail {
namespace {

class named_check {
public:
    named_check(std::uint64_t number, std::string name, std::function<bool()> check, bool driven)
        : number(number), name(std::move(name)), gate_(driven), check_(std::move(check)) {}

    /// Nothing when it has been ended.
    std::optional<bool> run() {
        const call_gate::pass in(gate_);
        return in ? std::optional(check_()) : std::nullopt;
    }
    void end() {
        gate_.close();
        if (!in_process()) gate_.wait();         // a call that is under way may wait for this process
        if (gate_.is_empty()) check_ = nullptr;  // not as late as the last poll that has a share
    }

    const std::uint64_t number;
    const std::string name;

private:
    call_gate gate_;
    std::function<bool()> check_;
};
using shared_check = std::shared_ptr<named_check>;

class readiness_checks {
public:
    explicit readiness_checks(system& s) : driven_(!has_threads(s)) {}

    std::uint64_t add(std::string name, std::function<bool()> check) {
        const std::lock_guard lock(mutex_);
        all_.push_back(std::make_shared<named_check>(++added_, std::move(name), std::move(check), driven_));
        return added_;
    }
    bool remove(std::uint64_t number) {
        shared_check gone;
        {
            const std::lock_guard lock(mutex_);
            const auto at = std::find_if(all_.begin(), all_.end(),
                                         [&](const shared_check& c) { return c->number == number; });
            if (at == all_.end()) return false;
            gone = std::move(*at);
            all_.erase(at);
        }
        gone->end();
        return true;
    }
    [[nodiscard]] std::vector<shared_check> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }

private:
    const bool driven_;
    mutable std::mutex mutex_;
    std::vector<shared_check> all_;  // guarded by mutex_
    std::uint64_t added_ = 0;        // guarded by mutex_
};

class poll_under_way final : public readiness_poll {
public:
    explicit poll_under_way(std::vector<shared_check> checks) : checks_(std::move(checks)) {
        for (const shared_check& c : checks_)
            answers_.push_back(readiness_check{c->name, false, "no answer yet"});
    }

    /// In the process that asks.
    void run() {
        for (std::size_t i = 0; i < checks_.size(); ++i) {
            auto answer = answer_of(*checks_[i]);
            const std::lock_guard lock(mutex_);  // rakka-lint: allow(lock) for an assignment
            answers_[i] = std::move(answer);
        }
        const std::lock_guard lock(mutex_);  // rakka-lint: allow(lock) likewise
        all_asked_ = true;
    }
    /// Nobody asks on.
    void finish() noexcept {
        const std::lock_guard lock(mutex_);
        complete_ = true;
    }
    void refuse(std::string why) {
        const std::lock_guard lock(mutex_);
        answers_.push_back(readiness_check{"system", false, std::move(why)});
        complete_ = true;
    }

    bool complete() const override {
        const std::lock_guard lock(mutex_);
        return complete_;
    }
    readiness result() const override {
        const std::lock_guard lock(mutex_);
        readiness out{complete_ && all_asked_, {}};
        for (const auto& a : answers_) {
            if (!a) continue;
            out.ready = out.ready && a->ready;
            out.checks.push_back(*a);
        }
        return out;
    }

private:
    static std::optional<readiness_check> answer_of(named_check& c) {
        readiness_check answer{c.name, false, {}};
        try {
            const auto ready = c.run();
            if (!ready) return std::nullopt;
            answer.ready = *ready;
            if (!answer.ready) answer.why = "not ready";
        } catch (...) {
            if (ended_by_signal()) throw;
            answer.why = exit_reason_of(std::current_exception()).to_string();
        }
        return answer;
    }

    const std::vector<shared_check> checks_;
    mutable std::mutex mutex_;
    // Guarded by mutex_:
    std::vector<std::optional<readiness_check>> answers_;  // without one: removed meanwhile
    bool all_asked_ = false;
    bool complete_ = false;
};

/// Tells of the end of a poll when nobody has a share of it any more: its process has one in its code, and so
/// tells also when it is killed before that code has begun to run.
class end_of_poll {
public:
    end_of_poll(std::shared_ptr<poll_under_way> poll, std::function<void()> done)
        : poll_(std::move(poll)), done_(std::move(done)) {}
    ~end_of_poll() {
        poll_->finish();
        done_();
    }
    end_of_poll(const end_of_poll&) = delete;
    end_of_poll& operator=(const end_of_poll&) = delete;

private:
    const std::shared_ptr<poll_under_way> poll_;
    const std::function<void()> done_;
};

}  // namespace
}  // namespace detail

using namespace detail;

std::uint64_t on_readiness(system& s, std::string name, std::function<bool()> check) {
    return attached<readiness_checks>(s)->add(std::move(name), std::move(check));
}

bool remove_readiness(system& s, std::uint64_t number) {
    return attached<readiness_checks>(s)->remove(number);
}

std::string readiness::to_string() const {
    std::string out;
    for (const readiness_check& c : checks) {
        std::string why = c.why;
        std::replace(why.begin(), why.end(), '\n', ' ');
        out += (c.ready ? "[+]" : "[-]") + c.name + (c.ready ? " ok" : " failed: " + why) + '\n';
    }
    return out + (ready ? "ready\n" : "not ready\n");
}

std::shared_ptr<const readiness_poll> ask_readiness(system& s, std::function<void()> done) {
    const auto poll = std::make_shared<poll_under_way>(attached<readiness_checks>(s)->all());
    const auto end = std::make_shared<const end_of_poll>(poll, std::move(done));
    try {
        if (is_shutting_down(s)) {
            poll->refuse("shutting down");
        } else if (!s.running()) {
            poll->refuse("stopped");
        } else {
            s.spawn([poll, end] { poll->run(); });
        }
    } catch (const std::exception& e) {
        poll->refuse(e.what());
    } catch (...) {
        if (ended_by_signal()) throw;
        poll->refuse(exit_reason_of(std::current_exception()).to_string());
    }
    return poll;
}

}  // namespace rakka
