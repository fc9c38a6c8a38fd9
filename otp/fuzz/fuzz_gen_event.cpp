// Fuzzes what anybody can send to a gen_event manager: one term, a list of messages. The manager answers
// afterwards, unless it was told to end.
#include "conversation.hpp"

#include <rakka/otp/gen_event.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

/// Module `h`: decides what it is told to.
class obeys : public event_handler {
public:
    explicit obeys(const term& args) : last_(args) {}

private:
    term last_;

    result decide(const term& what) {
        last_ = what;
        if (what.is_atom("remove"_a)) return remove_handler();
        if (what.is_atom("hibernate"_a)) return ok().hibernate();
        if (what.is_atom("throw"_a)) throw what;
        if (what.is_tagged("swap"_a, 3)) {
            const auto by = handler_id::read(what.share(what.tuple()[1]));
            if (by) return swap_handler(what, {*by, what.share(what.tuple()[2])});
        }
        return ok();
    }
    result init() override { return last_.is_atom("fail"_a) ? fail_with(last_) : ok(); }
    result handle_event(const term& event) override { return decide(event); }
    answer handle_call(const term& request) override { return reply(last_).then(decide(request)); }
    result handle_info(const term& message) override { return decide(message); }
    term terminate(const term& args) override { return args; }
    [[nodiscard]] term state() const override { return last_; }
    void replace_state(const term& state) override { last_ = state; }
};

void talk(const term& messages) {
    const pid manager = gen_event::start().value();
    gen_event::add_handler(manager, {"h"_a, "first"_a}).value();
    fuzzing::say_all(manager, messages);
    const auto answer = gen_event::try_call(manager, "nobody"_a, "ping"_a, 5s);
    RAKKA_CHECK(answer || !is_alive(manager));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto prepare = [](rakka::system& sys) { gen_event::export_handler<obeys>(sys.exports(), "h"_a); };
    return fuzzing::converse(data, size, prepare, talk);
}
