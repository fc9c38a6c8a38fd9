// A door with a code lock: the state machine of the design principles of OTP, with one function a state.
//
//     locked -- the right code --> open -- after a while --> locked
//
// Buttons that are pushed while the door is open count when it is locked again; a code that is left
// unfinished is forgotten.
#include <rakka/rakka.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

class code_lock : public gen_statem {
public:
    explicit code_lock(std::vector<int> code) : code_(std::move(code)) {}

    static void button(const pid& lock, int digit) { cast(lock, tuple("button"_a, digit)); }
    static int code_length(const pid& lock) { return call(lock, "code_length"_a).as<int>().value(); }

private:
    statem::callback_mode callback_mode() const override {
        static const state_functions states{{"locked"_a, &code_lock::locked}, {"open"_a, &code_lock::open}};
        return {.functions = &states, .state_enter = true};
    }
    result init() override { return next_state("locked"_a); }

    result locked(const event& e) {
        if (e.is_enter()) {
            std::cout << "locked\n";
            buttons_.clear();
            return keep_state();
        }
        if (e.is_timeout()) {
            std::cout << "forgotten\n";
            buttons_.clear();
            return keep_state();
        }
        if (const auto digit = pushed(e)) {
            buttons_.push_back(*digit);
            if (buttons_.size() > code_.size()) buttons_.erase(buttons_.begin());
            if (buttons_ == code_) return next_state("open"_a);
            return keep_state(event_timeout(30s, "incomplete"_a));
        }
        return in_any_state(e);
    }

    result open(const event& e) {
        if (e.is_enter()) {
            std::cout << "open\n";
            return keep_state(state_timeout(10s, "lock"_a));
        }
        if (e.is_state_timeout()) return next_state("locked"_a);
        if (pushed(e)) return keep_state(postpone());
        return in_any_state(e);
    }

    result in_any_state(const event& e) {
        if (e.is_call("code_length"_a)) return keep_state(reply(e.sender(), code_.size()));
        return keep_state();
    }

    static std::optional<int> pushed(const event& e) {
        if (!e.is_cast()) return std::nullopt;
        return match(e.content(), on(tuple_of("button"_a, x<int>), [](int digit) { return digit; }));
    }
    /// What sys:get_state/1 shows beside the state.
    term data() const override { return map("code_length"_a, code_.size(), "buttons"_a, buttons_); }

    std::vector<int> code_;
    std::vector<int> buttons_;
};

}  // namespace

int main() {
    rakka::system system({.simulation = true});  // in virtual time: a minute passes in a moment
    system.run([] {
        const pid lock = gen_statem::start_link<code_lock>({.name = "door"_a}, std::vector{1, 2, 3}).value();
        std::cout << "a code of " << code_lock::code_length(lock) << " digits\n";
        for (const int digit : {9, 1, 2, 3,  // open
                                1, 2})       // postponed; never finished
            code_lock::button(lock, digit);
        static_cast<void>(receive_if([](term_view) { return false; }, 60s));
        for (const int digit : {3, 1, 2, 3})
            code_lock::button(lock, digit);
        static_cast<void>(receive_if([](term_view) { return false; }, 60s));
        gen_statem::stop(lock);
    });
}
