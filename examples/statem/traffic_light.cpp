// A traffic light at a crossing: one function for all states, and states that are no atoms: `{cars, Colour}`.
//
// Cars have green until a pedestrian pushes the button, but for a while at least: a button that is pushed
// early is postponed. At night the light is off, until a timeout that outlives the states says that it is
// day.
#include <rakka/rakka.hpp>

#include <chrono>
#include <iostream>

namespace {

using namespace rakka;
using namespace std::chrono_literals;

class traffic_light : public gen_statem {
    statem::callback_mode callback_mode() const override { return {.state_enter = true}; }
    result init() override { return next_state(red); }

    result handle_event(const event& e, const term& state) override {
        if (e.is_enter()) return enter(state);
        if (e.is_call("state"_a)) return keep_state(reply(e.sender(), state));
        if (e.is_cast("night"_a)) return next_state(off, generic_timeout("night"_a, 8h, "over"_a));
        if (e.is_generic_timeout("night"_a)) return next_state(red);
        if (e.is_cast("button"_a)) return button(state);
        if (!e.is_state_timeout()) return keep_state();
        if (state == red) return next_state(fresh_green);
        if (state == fresh_green) return next_state(green);
        return next_state(red);  // from yellow
    }

    static result enter(const term& state) {
        std::cout << state.to_string() << '\n';
        if (state == red) return keep_state(state_timeout(30s, "go"_a));
        if (state == fresh_green) return keep_state(state_timeout(40s, "long enough"_a));
        if (state == yellow) return keep_state(state_timeout(3s, "stop"_a));
        return keep_state();
    }

    static result button(const term& state) {
        if (state == green) return next_state(yellow);
        if (state == fresh_green) return keep_state(postpone());
        return keep_state();  // cars stand, or will soon
    }

    static inline const term red = tuple("cars"_a, "red"_a);
    static inline const term fresh_green = tuple("cars"_a, "green"_a, "fresh"_a);
    static inline const term green = tuple("cars"_a, "green"_a);
    static inline const term yellow = tuple("cars"_a, "yellow"_a);
    static inline const term off = "off"_a;
};

/// Waits until the light shows `colour`.
void wait_for(const pid& light, atom colour) {
    for (;;) {
        const term state = gen_statem::call(light, "state"_a);
        if (state.is(kind::tuple) && state.tuple()[1].is_atom(colour)) return;
        static_cast<void>(receive_if([](term_view) { return false; }, 1s));
    }
}

}  // namespace

int main() {
    rakka::system system({.simulation = true});  // in virtual time: a night passes in a moment
    system.run([] {
        const pid light = gen_statem::start_link<traffic_light>({.name = "light"_a}).value();
        wait_for(light, "green"_a);
        gen_statem::cast(light, "button"_a);  // early
        wait_for(light, "red"_a);
        gen_statem::cast(light, "night"_a);
        wait_for(light, "green"_a);
        gen_statem::stop(light);
    });
}
