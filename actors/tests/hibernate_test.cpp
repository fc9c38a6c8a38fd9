// What a process gives back before a long sleep, and how it wakes.
#include "actors_support.hpp"
#include "process_record.hpp"
#include "system_core.hpp"

#include <rakka/base/flat_table.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace rakka::testing {
namespace {

RAKKA_EVERY_MODE(hibernation);

/// Uses so many kilobytes of stack below the caller; returns the address of the deepest byte.
[[gnu::noinline]] std::byte* go_deep(int kilobytes) {
    volatile std::byte frame[1024];
    for (volatile std::byte& b : frame)
        b = std::byte{1};
    std::byte* const deepest = kilobytes > 1 ? go_deep(kilobytes - 1) : const_cast<std::byte*>(frame);
    frame[0] = frame[1];  // no tail call
    return deepest;
}

constexpr int depth = 128;

/// How many of the pages that go_deep(depth) has touched, but for the outermost 32 KiB, are in memory.
std::size_t resident_pages(std::byte* deepest) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(deepest) / page * page;
    std::array<unsigned char, 64> resident{};
    const std::size_t pages = std::min((depth - 32) * std::size_t{1024} / page, resident.size());
    EXPECT_EQ(mincore(reinterpret_cast<void*>(begin), pages * page, resident.data()), 0);
    return static_cast<std::size_t>(std::count_if(resident.begin(), resident.begin() + pages,
                                                  [](unsigned char r) { return (r & 1U) != 0; }));
}

/// The process behind a pid of the calling process's system.
const detail::process& record_of(const pid& p) {
    return *this_system().core().table.find(p.id);
}

/// Waits until it sleeps; what it did before is visible then.
const detail::process& asleep(const pid& p) {
    while (!record_of(p).inbox.is_asleep())
        yield();
    return record_of(p);
}

/// Obeys; has many relations once, and goes deep.
class forgetful final : public message_handler {
public:
    explicit forgetful(pid parent) : parent_(parent) {}
    next handle(term m) override {
        if (m.is_tagged("watch"_a, 2)) {
            refs_.push_back(monitor(element<pid>(m, 1)));
        } else if (m.is_atom("forget"_a)) {
            for (const reference& ref : refs_)
                demonitor(ref);
            send(parent_, "forgotten"_a);
        } else if (m.is_atom("deep"_a)) {
            send(parent_, reinterpret_cast<std::uintptr_t>(go_deep(depth)));
            return next::hibernate();
        } else if (m.is_atom("hibernate"_a)) {
            return next::hibernate();
        } else {
            send(parent_, tuple("echo"_a, m));
        }
        return next::wait();
    }

private:
    pid parent_;
    std::vector<reference> refs_;
};

TEST_P(hibernation, of_a_handler_gives_back_the_memory_of_old_relations) {
    in_process([] {
        const pid p = spawn(std::make_unique<forgetful>(self()));
        const pid other = spawn_idle();
        for (int i = 0; i < 500; ++i)
            send(p, tuple("watch"_a, other));
        while (process_info(p)->monitors.size() < 500)
            yield();
        EXPECT_GT(asleep(p).related->monitors.memory(), 10'000U);
        send(p, "forget"_a);
        EXPECT_TRUE(next_message().is_atom("forgotten"_a));
        send(p, "hibernate"_a);
        while (asleep(p).related)
            yield();
        send(p, "still here"_a);
        EXPECT_EQ(text(next_message()), "{echo,'still here'}");
        exit(p, "kill"_a);
        exit(other, "kill"_a);
    });
}

// Everybody who starts a server monitors it until it has started.
TEST_P(hibernation, is_not_needed_to_forget_relations_that_came_and_went_without_a_message) {
    in_process([] {
        const pid p = spawn(std::make_unique<forgetful>(self()));
        const reference ref = monitor(p);
        EXPECT_EQ(process_info(p)->monitored_by.size(), 1U);
        demonitor(ref);
        EXPECT_TRUE(is_alive(p));
        while (asleep(p).related)
            yield();
        send(p, "still here"_a);
        EXPECT_EQ(text(next_message()), "{echo,'still here'}");
        exit(p, "kill"_a);
    });
}

TEST_P(hibernation, keeps_the_relations_that_are_not_over) {
    in_process([] {
        const pid p = spawn(std::make_unique<forgetful>(self()));
        const pid other = spawn_idle();
        for (int i = 0; i < 20; ++i)
            send(p, tuple("watch"_a, other));
        send(p, "hibernate"_a);
        EXPECT_TRUE(is_alive(p));  // all of that has come to it
        asleep(p);
        const reference ref = monitor(p);
        EXPECT_EQ(process_info(p)->monitors.size(), 20U);
        exit(other, "x"_a);
        for (int i = 0; i < 20; ++i)
            EXPECT_TRUE(element<atom>(next_message(), 0) == "echo"_a);
        exit(p, "over"_a);
        EXPECT_EQ(text(down_reason(ref)), "over");
    });
}

TEST_P(hibernation, of_a_handler_gives_back_the_stack_it_has_used_deeply) {
    in_process([] {
        const pid p = spawn(std::make_unique<forgetful>(self()));
        send(p, "deep"_a);
        auto* const deepest = reinterpret_cast<std::byte*>(*next_message().as<std::uintptr_t>());
        asleep(p);
        EXPECT_EQ(resident_pages(deepest), 0U);
        exit(p, "kill"_a);
    });
}

TEST_P(hibernation, of_a_plain_process_gives_back_the_stack_below_it_and_keeps_the_rest) {
    in_process([] {
        const pid parent = self();
        const pid p = spawn([parent] {
            std::array<char, 2048> kept{};
            std::fill(kept.begin(), kept.end(), 'k');
            std::byte* const deepest = go_deep(depth);
            EXPECT_NE(resident_pages(deepest), 0U);
            send(parent, reinterpret_cast<std::uintptr_t>(deepest));
            hibernate();
            EXPECT_EQ(std::count(kept.begin(), kept.end(), 'k'), 2048);
            send(parent, tuple("woke"_a, receive()));
        });
        auto* const deepest = reinterpret_cast<std::byte*>(*next_message().as<std::uintptr_t>());
        asleep(p);
        EXPECT_EQ(resident_pages(deepest), 0U);
        send(p, "up"_a);
        EXPECT_EQ(text(next_message()), "{woke,up}");
    });
}

TEST_P(hibernation, ends_with_a_message_and_not_with_other_signals) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([parent] {
            trap_exit(true);
            hibernate();
            send(parent, tuple("woke"_a, receive()));
            send(self(), "waiting already"_a);
            hibernate();
            send(parent, tuple("woke"_a, receive()));
            hibernate();
        });
        while (!process_info(p.pid)->trap_exit)
            yield();
        demonitor(monitor(p.pid));
        link(p.pid);
        unlink(p.pid);
        EXPECT_EQ(process_info(p.pid)->message_queue_len, 0U);
        EXPECT_TRUE(mailbox_is_empty());
        exit(p.pid, "why"_a);
        EXPECT_EQ(next_message(), term(tuple("woke"_a, tuple("EXIT"_a, parent, "why"_a))));
        EXPECT_EQ(text(next_message()), "{woke,'waiting already'}");
        exit(p.pid, "kill"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "killed");
    });
}

TEST(flat_table, shrinks_to_what_it_holds_and_still_finds_it) {
    detail::flat_table<std::uint64_t, int> t;
    for (std::uint64_t i = 0; i < 1000; ++i)
        t.put(i, static_cast<int>(i));
    for (std::uint64_t i = 0; i < 1000; ++i)
        if (i % 10 != 0) t.erase(i);
    const std::size_t before = t.memory();
    t.shrink();
    EXPECT_LT(t.memory(), before / 4);
    for (std::uint64_t i = 0; i < 1000; ++i)
        EXPECT_EQ(t.find(i) != nullptr, i % 10 == 0);
    for (std::uint64_t i = 0; i < 1000; ++i)
        t.put(i, -1);
    for (std::uint64_t i = 0; i < 1000; ++i)
        EXPECT_EQ(*t.find(i), -1);
    for (std::uint64_t i = 0; i < 997; ++i)
        t.erase(i);
    t.shrink();
    EXPECT_EQ(t.size(), 3U);
    EXPECT_EQ(*t.find(999), -1);
    t.clear();
    t.shrink();
    EXPECT_EQ(t.memory(), 0U);
}

}  // namespace
}  // namespace rakka::testing
