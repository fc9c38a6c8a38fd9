// A trace whose lines tests look at.
#pragma once

#include "behaviour/behaviour_support.hpp"

#include <rakka/actors/links.hpp>
#include <rakka/actors/monitors.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/testing.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/otp/trace.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka {

/// What a trace has shown, without the time that each line begins with; any thread.
class shown_lines {
public:
    [[nodiscard]] trace::to_function sink() const {
        return [s = state_](std::string_view line) {
            const std::lock_guard lock(s->mutex);
            s->lines.emplace_back(line);
        };
    }
    [[nodiscard]] std::vector<std::string> all() const {
        const std::lock_guard lock(state_->mutex);
        std::vector<std::string> out;
        for (const std::string& line : state_->lines)
            out.push_back(line.substr(line.find(' ') + 1, line.size() - line.find(' ') - 2));
        return out;
    }
    /// As they came.
    [[nodiscard]] std::vector<std::string> whole() const {
        const std::lock_guard lock(state_->mutex);
        return state_->lines;
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(state_->mutex);
        return state_->lines.size();
    }

private:
    struct state {
        std::mutex mutex;
        std::vector<std::string> lines;
    };
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

class trace_test : public behaviour_test {
protected:
    using lines = std::vector<std::string>;

    static std::string text(const pid& p) { return term(p).to_string(); }
    /// Until `tracer`, the process of a trace, has ended: then all is shown.
    static void wait_for(const std::optional<pid>& tracer) {
        if (!tracer) return;
        EXPECT_TRUE(testing::wait_until([&] { return !is_alive(*tracer); }));
    }
    /// Answers each message with `{echo, Message}`, until `stop`.
    static pid start_echo() {
        const pid me = self();
        return spawn([me] {
            for (;;) {
                const term m = receive();
                if (m.is_atom("stop"_a)) return;
                send(me, tuple("echo"_a, m));
            }
        });
    }
    static std::string echo_of(const pid& echo, const term& message) {
        send(echo, message);
        return next_message().to_string();
    }
};

}  // namespace rakka
