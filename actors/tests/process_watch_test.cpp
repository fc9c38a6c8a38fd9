// Watching messages: who is told what, by whom, and until when.
#include "actors_support.hpp"

#include <rakka/actors/gen_protocol.hpp>
#include <rakka/actors/process_watch.hpp>
#include <rakka/actors/testing.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(process_watches);

/// Notes everything.
class notebook final : public process_watch {
public:
    std::function<choice(const candidate&)> choosing = [](const candidate&) { return choice::yes; };

    choice chooses(const candidate& who) noexcept override { return choosing(who); }
    void sent(const term& to, term_view message, bool exists) noexcept override {
        note(exists ? "> " : "> nobody ", text(to) + " " + message.to_string());
        if (echo) rakka::send(self(), "echo"_a);
    }
    void received(term_view message) noexcept override { note("< ", message.to_string()); }
    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    [[nodiscard]] std::size_t size() const { return lines().size(); }
    bool echo = false;

private:
    void note(const std::string& what, const std::string& rest) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(what + rest);
    }
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

using lines = std::vector<std::string>;

/// Sends back what it gets, to whom it was started by.
class mirror final : public message_handler {
public:
    explicit mirror(pid to) : to_(to) {}
    next handle(term message) override {
        if (const auto call = gen::as_request(message)) {
            reply(call->sender, call->body);
        } else {
            send(to_, message);
        }
        return next::wait();
    }
    void watched(const std::shared_ptr<process_watch>& by) override {
        send(to_, by->over() ? "over"_a : "told"_a);
    }

private:
    const pid to_;
};

std::shared_ptr<notebook> make_notebook() {
    return std::make_shared<notebook>();
}

TEST_P(process_watches, messages_are_shown_from_the_watch_on_and_until_its_end) {
    in_process([] {
        const auto notes = make_notebook();
        const pid me = self();
        const pid other = spawn([me] {
            for (;;) {
                const term m = receive();
                if (m.is_atom("stop"_a)) return;
                send(me, tuple("echo"_a, m));
            }
        });
        send(other, 1);
        EXPECT_EQ(text(next_message()), "{echo,1}");
        watch_process(this_system(), other, notes);
        send(other, 2);
        EXPECT_EQ(text(next_message()), "{echo,2}");
        EXPECT_EQ(notes->lines(), (lines{"< 2", "> " + text(me) + " {echo,2}"}));
        notes->end();
        send(other, 3);
        EXPECT_EQ(text(next_message()), "{echo,3}");
        EXPECT_EQ(notes->size(), 2U);
        while (notes.use_count() > 1)
            yield();  // it lets go at its next message, which it has had
        send(other, "stop"_a);
    });
}

TEST_P(process_watches, every_way_of_sending_is_shown_with_the_destination_as_written) {
    in_process([] {
        const auto notes = make_notebook();
        const pid me = self();
        register_name("me"_a, me);
        const pid gone = spawn([] {});
        ASSERT_TRUE(wait_until([&] { return !is_alive(gone); }));
        const reference own_alias = alias();
        watch_process(this_system(), me, notes);
        send(me, 1);
        send("me"_a, 2);
        send(registered_name{"me"_a, "nonode@nohost"_a}, 3);
        send(own_alias, 4);
        send(gone, 5);
        send(registered_name{"nobody"_a, "nonode@nohost"_a}, 6);
        notes->end();
        EXPECT_EQ(notes->lines(), (lines{"> " + text(me) + " 1", "> me 2", "> {me,nonode@nohost} 3",
                                         "> " + text(own_alias) + " 4", "> nobody " + text(gone) + " 5",
                                         "> {nobody,nonode@nohost} 6"}));
    });
}

TEST_P(process_watches, both_sides_of_a_call_are_shown) {
    in_process([] {
        const auto client = make_notebook(), server = make_notebook();
        const pid me = self();
        const pid m = spawn(std::make_unique<mirror>(me));
        watch_process(this_system(), m, server);
        EXPECT_EQ(text(next_message()), "told");
        watch_process(this_system(), me, client);
        EXPECT_EQ(text(gen::call(m, "$gen_call"_a, "hello"_a, 5s).value()), "hello");
        client->end();
        server->end();
        ASSERT_EQ(client->size(), 2U);
        ASSERT_EQ(server->size(), 2U) << "not the word that it is watched";
        EXPECT_TRUE(
            client->lines()[0].starts_with("> " + text(m) + " {'$gen_call',{" + text(me) + ",[alias|"));
        EXPECT_TRUE(client->lines()[1].starts_with("< {[alias|")) << client->lines()[1];
        EXPECT_TRUE(client->lines()[1].ends_with(",hello}")) << client->lines()[1];
        EXPECT_TRUE(server->lines()[0].starts_with("< {'$gen_call',{")) << server->lines()[0];
        EXPECT_TRUE(server->lines()[1].ends_with(",hello}")) << server->lines()[1];
    });
}

TEST_P(process_watches, messages_of_no_process_are_received_as_well) {
    in_process([] {
        const auto notes = make_notebook();
        const pid me = self();
        const pid other = spawn([me] {
            static_cast<void>(receive());
            send_after(1ms, self(), "late"_a);
            static_cast<void>(receive());
            send(me, "done"_a);
        });
        watch_process(this_system(), other, notes);
        send(other, "go"_a);
        EXPECT_EQ(text(next_message()), "done");
        EXPECT_EQ(notes->lines(), (lines{"< go", "< late", "> " + text(me) + " done"}));
        notes->end();
    });
}

TEST_P(process_watches, births_are_watched_before_they_do_anything) {
    in_process([] {
        const auto notes = make_notebook();
        const pid me = self();
        watch_births(this_system(), notes);
        const pid child = spawn([me] { send(me, "born"_a); });
        EXPECT_EQ(text(next_message()), "born");
        watch_births(this_system(), nullptr);
        spawn([me] { send(me, "unseen"_a); });
        EXPECT_EQ(text(next_message()), "unseen");
        EXPECT_EQ(notes->lines(), (lines{"> " + text(me) + " born"}));
        EXPECT_NE(child, me);
        notes->end();
    });
}

TEST_P(process_watches, who_is_not_chosen_lets_go) {
    in_process([] {
        const auto notes = make_notebook();
        int asked = 0;
        notes->choosing = [&](const process_watch::candidate& who) {
            ++asked;
            EXPECT_EQ(who.process, self());
            return process_watch::choice::no;
        };
        watch_process(this_system(), self(), notes);
        EXPECT_EQ(notes.use_count(), 1);
        send(self(), 1);
        EXPECT_EQ(asked, 1);
        notes->choosing = [&](const process_watch::candidate&) {
            return ++asked < 4 ? process_watch::choice::later : process_watch::choice::yes;
        };
        watch_process(this_system(), self(), notes);
        EXPECT_EQ(asked, 2);
        send(self(), 2);
        send(self(), 3);
        send(self(), 4);
        EXPECT_EQ(notes->lines(), (lines{"> " + text(self()) + " 3", "> " + text(self()) + " 4"}));
        notes->end();
    });
}

TEST_P(process_watches, what_a_watch_sends_itself_is_not_shown) {
    in_process([] {
        const auto notes = make_notebook();
        notes->echo = true;
        watch_process(this_system(), self(), notes);
        send(self(), 1);
        notes->end();
        EXPECT_EQ(notes->size(), 1U);
        EXPECT_EQ(text(next_message()), "echo");
    });
}

TEST_P(process_watches, a_dead_process_gives_the_watch_back) {
    in_process([] {
        const auto notes = make_notebook();
        const pid gone = spawn([] {});
        ASSERT_TRUE(wait_until([&] { return !is_alive(gone); }));
        watch_process(this_system(), gone, notes);
        const pid waits = spawn([] { static_cast<void>(receive()); });
        watch_process(this_system(), waits, notes);
        exit(waits, "kill"_a);
        EXPECT_TRUE(wait_until([&] { return !is_alive(waits); }));
        EXPECT_TRUE(wait_until([&] { return notes.use_count() == 1; }));
    });
}

TEST_P(process_watches, it_gets_along_with_a_trace_token) {
    in_process([] {
        const auto notes = make_notebook();
        seq_trace::set_token("label"_a, 1);
        watch_process(this_system(), self(), notes);
        send(self(), 1);
        seq_trace::set_token(list());
        send(self(), 2);
        seq_trace::set_token("label"_a, 2);
        notes->end();
        send(self(), 3);
        EXPECT_EQ(text(seq_trace::get_token("label"_a)), "{label,2}");
        EXPECT_EQ(notes->size(), 2U);
        // Each message sets the token that it came with.
        EXPECT_EQ(text(next_message()), "1");
        EXPECT_EQ(text(seq_trace::get_token("label"_a)), "{label,1}");
        EXPECT_EQ(text(next_message()), "2");
        EXPECT_EQ(text(seq_trace::get_token()), "[]");
    });
}

}  // namespace
}  // namespace rakka::testing
