// The base of tests of signals between processes of a C++ node and those of one BEAM.
#pragma once

#include "support/otp_test.hpp"
#include "support/rakka_peer.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace rakka::interop {

/// cpp@127.0.0.1, with a process `echo`, and the BEAM erl@127.0.0.1.
class signal_test : public otp_test {
protected:
    void SetUp() override {
        otp_test::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        cpp = std::make_unique<rakka_peer>("cpp", options("unused"), epmd());
        cpp->system().spawn(echo, {.name = "echo"_a});
        erl = std::make_unique<beam_node>(start_erlang("erl"));
    }

    /// Answers `{From, X}`, a pid's or an alias's, with `{Self, X}`; ends with R at `{exit, R}`.
    static void echo() {
        while (true) {
            const term m = receive();
            if (m.is_tagged("exit"_a, 2)) rakka::exit(m.share(m.tuple()[1]));
            const term_view from = m.tuple()[0];
            const destination to =
                from.is(kind::pid) ? destination(*from.as<pid>()) : destination(*from.as<reference>());
            send(to, term(tuple(self(), m.share(m.tuple()[1]))));
        }
    }
    static std::optional<term> receive_soon() {
        return receive_if([](term_view) { return true; }, std::chrono::seconds(20));
    }
    /// The next message as text.
    static std::string next_text() {
        const auto t = receive_soon();
        return t ? t->to_string() : "nothing";
    }
    /// Runs `body` as a process of ours whose name is `tester`.
    template <class F>
    void as_process(F body) {
        cpp->system().run([&] {
            static_cast<void>(register_name("tester"_a, self()));
            body();
        });
    }
    /// Runs `expression` there while `body` runs here as `tester`; gives its value. It finds us as `Tester`.
    template <class F>
    std::string with_process(const std::string& expression, F body) {
        std::future<std::string> seen;
        as_process([&] {
            seen = erl->eval_async("Tester = {tester,'cpp@127.0.0.1'}, " + expression);
            body();
        });
        return seen.get();
    }
    /// In tester: the pid of the process there that has said `{pid, self()}` to it.
    static pid next_pid() {
        const auto m = receive_soon();
        if (!m || !m->is_tagged("pid"_a, 2)) return {};
        return m->tuple()[1].as<pid>().value();
    }

    std::unique_ptr<rakka_peer> cpp;
    std::unique_ptr<beam_node> erl;
    const atom peer = "erl@127.0.0.1"_a;
};

}  // namespace rakka::interop
