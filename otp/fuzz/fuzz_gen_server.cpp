// Fuzzes what anybody can send to a gen_server: one term, a list of messages. The server answers afterwards,
// unless it was told to end.
#include "conversation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

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

void talk(const term& messages) {
    const pid server = gen_server::start<echo>().value();
    fuzzing::say_all(server, messages);
    const auto answer = fuzzing::answer_of(server, "ping"_a);
    RAKKA_CHECK(!answer || answer->is_atom("ping"_a));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzzing::converse(data, size, talk);
}
