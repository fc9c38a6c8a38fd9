// Sinks that tests look into, and systems with a logger.
#pragma once

#include <rakka/actors.hpp>
#include <rakka/actors/testing.hpp>
#include <rakka/otp/logger.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rakka::testing {

/// What a sink was given; any thread.
class written {
public:
    void add(std::string_view text) {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(text);
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    [[nodiscard]] std::string text() const {
        std::string out;
        for (const std::string& line : lines())
            out += line;
        return out;
    }
    [[nodiscard]] bool has(const std::string& part) const { return text().find(part) != std::string::npos; }
    [[nodiscard]] std::size_t count(const std::string& part) const {
        std::size_t n = 0;
        for (const std::string& line : lines())
            n += line.find(part) != std::string::npos ? 1 : 0;
        return n;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

/// A door that what writes must pass.
class gate {
public:
    void close() { set(false); }
    void open() { set(true); }
    void pass() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return open_; });
        --waiting_;
    }
    /// Until somebody stands before it.
    void wait_for_somebody() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_ != 0; });
    }

private:
    void set(bool open) {
        const std::lock_guard lock(mutex_);
        open_ = open;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = true;
    int waiting_ = 0;
};

class test_sink final : public log::sink {
public:
    explicit test_sink(written& to, std::function<void()> before = {})
        : to_(to), before_(std::move(before)) {}
    void write(std::string_view text) override {
        if (before_) before_();
        to_.add(text);
    }

private:
    written& to_;
    const std::function<void()> before_;
};

/// Only the message, a line each.
inline log::formatter only_message() {
    return log::text_format({.layout = "{msg}\n"});
}

/// A system whose logger has one handler, `test`, which writes into `out`.
class logged_system : public ::testing::Test {
protected:
    explicit logged_system(system_options o = {.workers = 2}) : sys(std::move(o)) {
        EXPECT_TRUE(log::start(sys, {.default_handler = std::nullopt}));
        EXPECT_TRUE(
            log::add_handler(sys, "test"_a, std::make_unique<test_sink>(out), {.format = only_message()}));
    }
    [[nodiscard]] std::string logged() {
        EXPECT_TRUE(log::flush(sys));
        return out.text();
    }

    written out;
    rakka::system sys;
};

/// A system whose logger has one handler, `keep`, which keeps the events themselves.
class kept_events : public ::testing::Test {
protected:
    kept_events() {
        EXPECT_TRUE(log::start(sys, {.default_handler = std::nullopt}));
        EXPECT_TRUE(log::add_handler(sys, "keep"_a, [this](const log_event& e) {
            const std::lock_guard lock(mutex_);
            events_.push_back(e);
        }));
    }
    /// Those so far; they are forgotten.
    std::vector<log_event> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(events_, {});
    }
    /// Those about `p` so far, once it has ended.
    std::vector<log_event> about(const pid& p) {
        EXPECT_TRUE(wait_until(sys, [&] { return !sys.is_alive(p); }));
        const std::lock_guard lock(mutex_);
        std::vector<log_event> out;
        for (const log_event& e : events_)
            if (e.process == p) out.push_back(e);
        return out;
    }
    static log_event only(const std::vector<log_event>& all) {
        EXPECT_EQ(all.size(), 1U);
        return all.empty() ? log_event{} : all[0];
    }
    /// Of a key in the metadata; no value when it is not there.
    static term value(const log_event& e, atom key) {
        for (const auto& [name, v] : e.more)
            if (name == key) return v;
        return {};
    }

private:
    std::mutex mutex_;
    std::vector<log_event> events_;

protected:
    // The first to go: it uses the others. A slow machine is not what these tests are about.
    rakka::system sys{{.workers = 2, .long_schedule = {}}};
};

}  // namespace rakka::testing
