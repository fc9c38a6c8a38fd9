// A handshake test written as the arrow diagram: what is sent, what arrives, what the owner is asked. The
// same transcript is then played with the arriving bytes cut at every position, and with every step broken in
// turn.
#pragma once

#include "byte_literals.hpp"
#include "handshake/handshake_io.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rakka::test {

/// `Machine` is initiator_fsm or acceptor_fsm. Build it with sends/receives/asks in order, then call the
/// plays_... and breaks_... functions; each makes fresh machines.
template <class Machine>
class transcript {
public:
    explicit transcript(std::function<Machine()> make) : make_(std::move(make)) {}

    /// ----> the machine writes exactly these bytes.
    transcript& sends(bytes data) {
        return add({handshake::action_kind::write, std::move(data), handshake::written{}});
    }
    /// <---- these bytes arrive when the machine wants to read.
    transcript& receives(bytes data) {
        if (!steps_.empty() && steps_.back().kind == handshake::action_kind::read) {
            steps_.back().data = join({steps_.back().data, data});
            return *this;
        }
        return add({handshake::action_kind::read, std::move(data), handshake::timed_out{}});
    }
    /// The machine asks its owner, who answers.
    transcript& asks(handshake::action_kind question, handshake::event answer) {
        return add({question, {}, std::move(answer)});
    }

    /// Played once; returns the machine after it said `done`.
    Machine plays() { return play_cut({}, handshake::action_kind::done); }
    /// Played once; returns the machine after it said `fail`.
    Machine plays_to_failure(node_errc code) {
        Machine m = play_cut({}, handshake::action_kind::fail);
        EXPECT_EQ(m.error().code, code) << m.error().message();
        expect_readable(m);
        return m;
    }

    /// Played with each arriving run of bytes cut in two at every position, and byte by byte; `same` looks at
    /// each machine.
    void plays_cut_everywhere(handshake::action_kind end, const std::function<void(Machine&)>& same) {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            for (std::size_t at = 1; at < steps_[i].data.size(); ++at) {
                if (steps_[i].kind != handshake::action_kind::read) break;
                Machine m = play_cut({{i, at}}, end);
                same(m);
            }
        }
        Machine m = play_cut({{steps_.size(), 1}}, end);
        same(m);
    }

    /// Every step broken: closed, timed out, and for arriving bytes also truncated, garbage, empty,
    /// oversized. Each must end in a readable failure and never in `done`.
    void breaks_at_every_step(std::size_t prefix_size = 2) {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            SCOPED_TRACE("broken at step " + std::to_string(i));
            breaks(i, {}, handshake::closed{"connection reset by peer"}, std::nullopt);
            breaks(i, {}, handshake::timed_out{}, node_errc::handshake_timeout);
            if (steps_[i].kind != handshake::action_kind::read) continue;
            for (std::size_t size = 1; size < steps_[i].data.size(); ++size) {
                const bytes part(steps_[i].data.begin(),
                                 steps_[i].data.begin() + static_cast<std::ptrdiff_t>(size));
                breaks_after(i, part, handshake::closed{}, node_errc::handshake_closed);
                breaks_after(i, part, handshake::timed_out{}, node_errc::handshake_timeout);
            }
            breaks(i, join({bytes(prefix_size - 1, 0), hex("08"), text("?garbage")}), std::nullopt,
                   std::nullopt);
            breaks(i, bytes(prefix_size, 0), std::nullopt, node_errc::handshake_bad_message);
            breaks(i, bytes(prefix_size, 0xFF), std::nullopt, node_errc::handshake_too_large);
        }
    }

private:
    struct one_step {
        handshake::action_kind kind;
        bytes data;
        handshake::event answer;
    };
    struct cut {
        std::size_t step;  ///< one past the last step: all steps, byte by byte
        std::size_t at;
    };

    transcript& add(one_step s) {
        steps_.push_back(std::move(s));
        return *this;
    }

    static void expect_readable(Machine& m) {
        EXPECT_FALSE(m.error().cause.empty());
        EXPECT_NE(m.error().message().find("Likely cause: "), std::string::npos);
        EXPECT_LT(m.error().message().size(), 2000u);
        for (const char c : m.error().message())
            EXPECT_TRUE(c >= 0x20 && c < 0x7F) << m.error().message();
    }

    /// Feeds the bytes in the cuts wanted; between two pieces the machine must only ask for more.
    static handshake::action feed(Machine& m, const bytes& data, std::size_t piece) {
        handshake::action last{handshake::action_kind::read};
        for (std::size_t from = 0; from < data.size();) {
            EXPECT_EQ(last.kind, handshake::action_kind::read) << "did not wait for byte " << from;
            const bool is_first = from == 0;
            const std::size_t size = piece == 1 ? 1
                                     : is_first ? std::min(piece, data.size())
                                                : data.size() - from;
            const bytes chunk(data.begin() + static_cast<std::ptrdiff_t>(from),
                              data.begin() + static_cast<std::ptrdiff_t>(from + size));
            last = m.resume(handshake::received{chunk});
            from += size;
            if (last.kind == handshake::action_kind::done || last.kind == handshake::action_kind::fail) break;
        }
        return last;
    }

    handshake::action play_to(Machine& m, std::size_t end, std::optional<cut> c) {
        handshake::action a = m.resume(handshake::started{});
        for (std::size_t i = 0; i < end; ++i) {
            const one_step& s = steps_[i];
            EXPECT_EQ(to_string(a.kind), to_string(s.kind)) << "at step " << i;
            if (a.kind != s.kind) {
                if (a.kind == handshake::action_kind::fail) ADD_FAILURE() << m.error().message();
                return a;
            }
            if (s.kind == handshake::action_kind::read) {
                const bool bytewise = c && c->step == steps_.size();
                const bool here = c && c->step == i;
                a = feed(m, s.data, bytewise ? 1 : here ? c->at : s.data.size());
            } else {
                if (s.kind == handshake::action_kind::write) {
                    EXPECT_EQ(a.data, s.data) << "at step " << i;
                }
                a = m.resume(s.answer);
            }
        }
        return a;
    }

    Machine play_cut(std::optional<cut> c, handshake::action_kind end) {
        Machine m = make_();
        const handshake::action a = play_to(m, steps_.size(), c);
        EXPECT_EQ(to_string(a.kind), to_string(end));
        return m;
    }

    void breaks_after(std::size_t i, const bytes& part, const handshake::event& then, node_errc code) {
        Machine m = make_();
        play_to(m, i, std::nullopt);
        handshake::action a = feed(m, part, part.size());
        // A part that holds whole messages may have brought the machine to its next step.
        if (a.kind == handshake::action_kind::fail) return;
        a = m.resume(then);
        EXPECT_EQ(to_string(a.kind), "fail");
        EXPECT_EQ(m.error().code, code) << m.error().message();
        expect_readable(m);
    }

    void breaks(std::size_t i, const bytes& instead, const std::optional<handshake::event>& then,
                std::optional<node_errc> code) {
        Machine m = make_();
        play_to(m, i, std::nullopt);
        const handshake::action a = then ? m.resume(*then) : m.resume(handshake::received{instead});
        ASSERT_EQ(to_string(a.kind), "fail");
        if (code) {
            EXPECT_EQ(m.error().code, *code) << m.error().message();
        }
        expect_readable(m);
    }

    std::function<Machine()> make_;
    std::vector<one_step> steps_;
};

}  // namespace rakka::test
