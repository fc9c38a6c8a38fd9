// Fuzzes what anybody can send to a gen_server: one term, a list of messages. The server answers afterwards,
// unless it was told to end.
#include "term_input.hpp"

#include <rakka/actors.hpp>
#include <rakka/actors/simulation.hpp>
#include <rakka/base/check.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/otp/gen_server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

constexpr std::uint32_t creation = 0x12345678;  // that of the seeds' pids, which become own ones

class echo : public gen_server {
    term last_;

    result handle_call(const term& request, const from&) override {
        last_ = request;
        if (request.is_atom("wait"_a)) return noreply().timeout_after(10ms);
        return reply(request);
    }
    result handle_cast(const term& request) override {
        last_ = request;
        return noreply().then_continue(request);
    }
    result handle_info(const term& message) override {
        last_ = message;
        return noreply().hibernate();
    }
    result handle_continue(const term& what) override {
        RAKKA_CHECK(what == last_);
        return noreply();
    }
    [[nodiscard]] term state() const override { return last_.has_value() ? last_ : term("none"_a); }
};

void converse(rakka::system& sys, const term& messages) {
    sys.run([&] {
        const auto [server, ref] = gen_server::start_monitor<echo>().value();
        for (const term_view message : messages.list())
            send(server, messages.share(message));
        send(server, tuple("system"_a, tuple(self(), "resumed"_a), "resume"_a));
        const auto answer = gen_server::try_call(server, "ping"_a, 5s);
        if (answer) {
            RAKKA_CHECK(answer->is_atom("ping"_a));
        } else {
            RAKKA_CHECK(!is_alive(server));
        }
        static_cast<void>(ref);
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    system_options o;
    o.simulation = true;
    o.max_processes = 64;
    o.report_stack_overflow = false;
    o.log = [](const auto&) {};
    rakka::system sys(o);
    const auto input =
        fuzzing::term_in(std::as_bytes(std::span(data, size)), {atom("a@localhost"), creation}, sys.origin());
    if (input && input->is(kind::list)) converse(sys, *input);
    return 0;
}
