// C++ objects as messages: moved from one process to another, chosen by type.
#include "actors_support.hpp"

#include <rakka/actors/aliases.hpp>
#include <rakka/etf/native.hpp>

#include <memory>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(native_messages);

struct picture {
    std::unique_ptr<std::vector<int>> pixels;
};
struct caption {
    std::string text;
};

/// How many of these there are, in all threads.
struct counted {
    explicit counted(std::atomic<int>& n) : living(&n) { ++*living; }
    counted(counted&& o) noexcept : living(o.living) { ++*living; }
    ~counted() { --*living; }
    std::atomic<int>* living;
};

TEST_P(native_messages, are_moved_to_the_receiver) {
    in_process([] {
        auto pixels = std::make_unique<std::vector<int>>(1000, 7);
        const int* const where = pixels->data();
        const auto [p, ref] = spawn_monitor([where, parent = self()] {
            receive(on<picture>([&](picture got) {
                EXPECT_EQ(got.pixels->data(), where);
                got.pixels->front() = 8;
                send(parent, std::move(got));
            }));
        });
        send(p, picture{std::move(pixels)});
        receive(on<picture>([&](picture&& back) {
            EXPECT_EQ(back.pixels->data(), where);
            EXPECT_EQ(back.pixels->front(), 8);
        }));
        EXPECT_EQ(text(down_reason(ref)), "normal");
    });
}

TEST_P(native_messages, are_received_by_choice_as_any_other) {
    in_process([] {
        register_name("album"_a, self()).value();
        const reference here = alias();
        send("album"_a, caption{"first"});
        send(self(), picture{});
        send(here, caption{"second"});
        send(registered_name{"album"_a, this_system().node_name()}, tuple("number"_a, 3));
        EXPECT_EQ(receive(on(tuple_of("number"_a, x<int>), [](int n) { return n; })), 3);
        EXPECT_TRUE(receive(on<picture>([](const picture& p) { return p.pixels == nullptr; })));
        const auto next_caption = [] { return receive(on<caption>([](caption c) { return c.text; })); };
        EXPECT_EQ(next_caption(), "first");
        EXPECT_EQ(next_caption(), "second");
        EXPECT_EQ(receive(on<caption>([](const caption&) { return 1; }), after(0ms, [] { return 2; })), 2);
        EXPECT_TRUE(mailbox_is_empty());
        unregister_name("album"_a).value();
    });
}

TEST_P(native_messages, reach_handlers_as_terms) {
    class collector final : public message_handler {
    public:
        explicit collector(pid p) : parent_(p) {}
        next handle(term message) override {
            match(std::move(message), on<picture>([&](picture p) { held_.push_back(std::move(p)); }),
                  on("count"_a, [&] { send(parent_, static_cast<int>(held_.size())); }));
            return next::wait();
        }

    private:
        pid parent_;
        std::vector<picture> held_;
    };
    in_process([] {
        const pid p = spawn(std::make_unique<collector>(self()));
        for (int i = 0; i < 3; ++i)
            send(p, picture{std::make_unique<std::vector<int>>(10, i)});
        send(p, "count"_a);
        EXPECT_EQ(next_message(), term(3));
        exit(p, "kill"_a);
    });
}

TEST_P(native_messages, end_with_whoever_holds_them_last) {
    std::atomic<int> living{0};
    in_process([&] {
        const auto [p, ref] = spawn_monitor([] { receive(on("go"_a, [] {})); });
        for (int i = 0; i < 10; ++i)
            send(p, counted(living));
        EXPECT_TRUE(is_alive(p));
        EXPECT_EQ(living, 10);
        send(p, "go"_a);
        EXPECT_EQ(text(down_reason(ref)), "normal");
        send(p, counted(living));  // to the dead
        const auto later = send_after(20s, self(), make_native(counted(living)));
        cancel_timer(later);
    });
    sys.run_until_done();
    EXPECT_EQ(living, 0);
}

TEST_P(native_messages, sent_twice_are_shown_not_moved) {
    in_process([] {
        const term shared = make_native(caption{"both"});
        std::vector<reference> refs;
        for (int i = 0; i < 2; ++i) {
            const auto [p, ref] = spawn_monitor(
                [] { receive(on<caption>([](const caption& c) { EXPECT_EQ(c.text, "both"); })); });
            send(p, shared);
            refs.push_back(ref);
        }
        for (const reference& r : refs)
            EXPECT_EQ(text(down_reason(r)), "normal");
        EXPECT_EQ(native_cast<caption>(shared)->text, "both");
    });
}

}  // namespace
}  // namespace rakka::testing
