// What sys asks of a gen_statem, and what it tells of itself.
#include "statem/gen_statem_support.hpp"

#include <rakka/otp/sys.hpp>

namespace rakka::statem_tests {
namespace {

class gen_statem_sys_test : public statem_test {};

/// A lamp whose data is how often it was switched; it changes its state by the function of the state.
class lamp : public gen_statem {
public:
    explicit lamp(bool open = true) : open_(open) {}

private:
    statem::callback_mode callback_mode() const override {
        static const state_functions states{{"off"_a, &lamp::off}, {"on"_a, &lamp::on}};
        return {.functions = &states};
    }
    result init() override { return next_state("off"_a); }
    result off(const event& e) {
        if (e.is_cast("wait"_a)) return keep_state(postpone(), state_timeout(1h, "later"_a));
        return e.is_call() ? keep_state(reply(e.sender(), "is off"_a)) : (++switched_, next_state("on"_a));
    }
    result on(const event& e) {
        if (e.is_cast("break"_a)) return stop_with("broken"_a);
        return e.is_call() ? keep_state(reply(e.sender(), "is on"_a)) : keep_state();
    }
    term data() const override { return switched_; }
    void replace_data(const term& data) override {
        if (!open_) gen_statem::replace_data(data);
        switched_ = data.as<std::int64_t>().value();
    }
    shown_status format_status(shown_status s) const override {
        s.data = tuple("shown"_a, s.data);
        return s;
    }
    term code_change(const term& old_version, const term& old_state, const term& extra) override {
        if (extra.is_atom("refuse"_a)) rakka::exit("too old"_a);
        switched_ += old_version.as<std::int64_t>().value();
        return extra.is_atom("switch"_a) ? term("on"_a) : old_state;
    }

    bool open_;
    std::int64_t switched_ = 0;
};

TEST_P(gen_statem_sys_test, get_state_shows_the_state_and_the_data) {
    in_process([] {
        const pid server = gen_statem::start<lamp>().value();
        EXPECT_EQ(sys::get_state(server), term(tuple("off"_a, 0)));
        gen_statem::cast(server, "switch"_a);
        EXPECT_EQ(sys::get_state(server), term(tuple("on"_a, 1)));
    });
}

TEST_P(gen_statem_sys_test, replace_state_puts_another_state_and_data_in_place) {
    in_process([] {
        const pid server = gen_statem::start<lamp>().value();
        EXPECT_EQ(gen_statem::call(server, "how"_a), term("is off"_a));
        const auto change = [](const term& old) -> term {
            EXPECT_EQ(old, term(tuple("off"_a, 0)));
            return tuple("on"_a, 7);
        };
        EXPECT_EQ(sys::replace_state(server, change), term(tuple("on"_a, 7)));
        EXPECT_EQ(gen_statem::call(server, "how"_a), term("is on"_a));
        EXPECT_EQ(sys::get_state(server), term(tuple("on"_a, 7)));
    });
}

TEST_P(gen_statem_sys_test, a_state_that_cannot_be_replaced_stays_as_it_was) {
    in_process([] {
        const pid server = gen_statem::start<lamp>({}, false).value();
        const auto failure = [&](term fresh) {
            return exit_of([&] { sys::replace_state(server, [&](const term&) { return fresh; }); });
        };
        EXPECT_TRUE(failure(tuple("on"_a, 1)).find("callback_failed") != std::string::npos);
        EXPECT_TRUE(failure("on"_a).find("badmatch") != std::string::npos);
        EXPECT_EQ(sys::get_state(server), term(tuple("off"_a, 0)));
        EXPECT_EQ(failure(tuple("on"_a, 0)), "no exit") << "only the state is another";
        EXPECT_EQ(gen_statem::call(server, "how"_a), term("is on"_a));
    });
}

TEST_P(gen_statem_sys_test, get_status_has_the_shape_of_otps_and_what_format_status_leaves) {
    in_process([] {
        const pid server = gen_statem::start<lamp>({.name = "lamp"_a}).value();
        gen_statem::cast(server, "wait"_a);
        const term status = sys::get_status(server);
        ASSERT_TRUE(status.is_tagged("status"_a, 4)) << status.to_string();
        EXPECT_EQ(status.tuple()[2].to_string(), "{module,gen_statem}");
        term_view misc = status.tuple()[3].list().head();
        auto item = status.tuple()[3].list().begin();
        for (int i = 0; i < 4; ++i)
            ++item;
        misc = *item;
        std::vector<std::string> parts;
        for (const term_view part : misc.list())
            parts.push_back(part.to_string());
        ASSERT_EQ(parts.size(), 3u);
        EXPECT_EQ(parts[0], "{header,\"Status for state machine lamp\"}");
        EXPECT_NE(parts[1].find("{\"Status\",running}"), std::string::npos) << parts[1];
        EXPECT_NE(parts[1].find("{\"Time-outs\",{1,[{state_timeout,later}]}},{\"Logged Events\",[]},"
                                "{\"Postponed\",[{cast,wait}]}]"),
                  std::string::npos)
            << parts[1];
        EXPECT_EQ(parts[2], "{data,[{\"State\",{off,{shown,0}}}]}");
    });
}

TEST_P(gen_statem_sys_test, another_version_takes_over_while_it_is_suspended) {
    in_process([] {
        const pid server = gen_statem::start<lamp>().value();
        sys::suspend(server);
        EXPECT_EQ(sys::change_code(server, "lamp"_a, 3, "refuse"_a), std::optional(term("too old"_a)));
        EXPECT_EQ(sys::get_state(server), term(tuple("off"_a, 0)));
        EXPECT_EQ(sys::change_code(server, "lamp"_a, 3, "switch"_a), std::nullopt);
        sys::resume(server);
        EXPECT_EQ(gen_statem::call(server, "how"_a), term("is on"_a));
        EXPECT_EQ(sys::get_state(server), term(tuple("on"_a, 3)));
    });
}

TEST_P(gen_statem_sys_test, events_wait_while_it_is_suspended) {
    in_process([this] {
        const auto tell = teller();
        const pid server = start({.handle = [=](machine& m, const event& e, const term& state) {
            tell(seen(e, state));
            return m.keep_state();
        }});
        sys::suspend(server);
        gen_statem::cast(server, 1);
        EXPECT_TRUE(told_nothing(10ms));
        sys::resume(server);
        EXPECT_EQ(told(), "{cast,1,a}");
    });
}

TEST_P(gen_statem_sys_test, sys_log_keeps_what_happens_to_each_event) {
    in_process([] {
        const pid server = start({.handle =
                                      [](machine& m, const event& e, const term& state) {
                                          if (e.is_call()) return m.keep_state(m.reply(e.sender(), "ok"_a));
                                          if (e.is_cast("later"_a) && state == term("a"_a))
                                              return m.keep_state(m.postpone());
                                          if (e.is_cast("go"_a))
                                              return m.next_state("b"_a, m.next_event(event::internal(1)),
                                                                  m.state_timeout(1h, "t"_a));
                                          return m.keep_state();
                                      }},
                                 {.debug = {sys::log_events{30}}});
        gen_statem::cast(server, "later"_a);
        gen_statem::cast(server, "go"_a);
        std::vector<std::string> log;
        for (const term& event : sys::log_get(server))
            log.push_back(event.to_string());
        for (std::string& line :
             log) {  // {Event, Name, Function}, as sys:log(_, get) has them, or the event alone
            if (line.starts_with("{{")) line = line.substr(1);
        }
        const auto at = [&](const std::string& start) {
            return std::find_if(log.begin(), log.end(),
                                [&](const std::string& line) { return line.starts_with(start); }) -
                   log.begin();
        };
        const lines in_order{"{in,{cast,later},a}",
                             "{postpone,{cast,later},a,a}",
                             "{in,{cast,go},a}",
                             "{in,{internal,1},b}",
                             "{start_timer,{state_timeout,3600000,t},b}",
                             "{consume,{cast,go},a,b}",
                             "{consume,{internal,1},b,b}",
                             "{consume,{cast,later},b,b}"};
        std::ptrdiff_t before = -1;
        for (const std::string& line : in_order) {
            EXPECT_GT(at(line), before) << line << " in " << testing::PrintToString(log);
            before = at(line);
        }
    });
}

TEST_P(gen_statem_sys_test, a_machine_that_fails_to_show_itself_goes_on) {
    class secretive : public gen_statem {
    public:
        explicit secretive(bool data) : data_(data) {}

    private:
        result init() override { return next_state("on"_a); }
        result handle_event(const event& e, const term&) override {
            return e.is_call() ? keep_state(reply(e.sender(), "here"_a)) : keep_state();
        }
        term data() const override {
            if (data_) throw std::runtime_error("private");
            return 1;
        }
        shown_status format_status(shown_status s) const override {
            if (!data_) rakka::exit("private"_a);
            return s;
        }
        bool data_;
    };
    in_process([] {
        for (const bool data : {true, false}) {
            const pid server = gen_statem::start<secretive>({}, data).value();
            EXPECT_NE(sys::get_status(server).to_string().find("{on,'format_status failed'}"),
                      std::string::npos);
            sys::log(server, 10);
            EXPECT_EQ(gen_statem::call(server, 1), term("here"_a));
        }
    });
}

INSTANTIATE_TEST_SUITE_P(schedulers, gen_statem_sys_test, shapes,
                         [](const auto& p) { return std::string(p.param.name); });

}  // namespace
}  // namespace rakka::statem_tests
