// Before what a function refers to goes: nobody calls it any more, and nobody is inside it.
#pragma once

#include <rakka/actors/process.hpp>
#include <rakka/etf/identifiers.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace rakka::detail {

/// Any thread. Who calls through it has a share of it.
class call_gate {
public:
    /// `driven`: of a simulation, whose processes go on only while somebody drives them.
    explicit call_gate(bool driven) noexcept : driven_(driven) {}
    call_gate(const call_gate&) = delete;
    call_gate& operator=(const call_gate&) = delete;

    /// One call, if the gate is open.
    class pass {
    public:
        explicit pass(call_gate& gate) : gate_(gate), given_(gate.enter()) {}
        ~pass() {
            if (given_) gate_.leave();
        }
        pass(const pass&) = delete;
        pass& operator=(const pass&) = delete;
        explicit operator bool() const noexcept { return given_; }

    private:
        call_gate& gate_;
        const bool given_;
    };

    /// From now on nobody gets in.
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    /// Until nobody is inside but, perhaps, the caller itself, and processes that would not go on while the
    /// caller waits.
    void wait() {
        const caller me = caller_here();
        std::optional<defer_exit> no_throw;  // also for destructors
        if (me.process) no_throw.emplace();
        std::unique_lock lock(mutex_);
        while (std::any_of(inside_.begin(), inside_.end(),
                           [&](const caller& c) { return c != me && (me.process || goes_on(c)); })) {
            if (!me.process) {
                left_.wait(lock);
                continue;
            }
            lock.unlock();  // whoever is inside may need this worker
            yield();
            lock.lock();
        }
    }
    [[nodiscard]] bool is_empty() const {
        const std::lock_guard lock(mutex_);
        return inside_.empty();
    }

private:
    /// A process, on whichever thread it is, or a thread.
    struct caller {
        std::optional<pid> process;
        std::thread::id thread;
        friend bool operator==(const caller&, const caller&) = default;
    };

    [[nodiscard]] static caller caller_here() {
        if (in_process()) return {self(), {}};
        return {std::nullopt, std::this_thread::get_id()};
    }
    [[nodiscard]] bool goes_on(const caller& c) const noexcept { return !driven_ || !c.process; }

    [[nodiscard]] bool enter() {
        const caller me = caller_here();
        const std::lock_guard lock(mutex_);  // rakka-lint: allow(lock) held for steps that never wait
        if (closed_) return false;
        inside_.push_back(me);
        return true;
    }
    void leave() {
        const caller me = caller_here();
        const std::lock_guard lock(mutex_);  // rakka-lint: allow(lock) likewise
        inside_.erase(std::find(inside_.begin(), inside_.end(), me));
        left_.notify_all();
    }

    const bool driven_;
    mutable std::mutex mutex_;
    std::condition_variable left_;
    std::vector<caller> inside_;  // guarded by mutex_
    bool closed_ = false;         // guarded by mutex_
};

}  // namespace rakka::detail
