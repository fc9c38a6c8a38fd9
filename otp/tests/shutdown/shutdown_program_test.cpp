// Signals and exit statuses, of a program of its own.
#include "shutdown/shutdown_signals.hpp"

#include <rakka/actors/system.hpp>
#include <rakka/otp/shutdown.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace rakka {
namespace {

using namespace std::chrono_literals;

/// Whether a signal is lost when it meets a thread that computes: TSan keeps it for the thread's next call of
/// a function that TSan knows, and in one of a hundred starts of a program that call never comes, or another
/// fiber makes it.
#if defined(__SANITIZE_THREAD__)
constexpr bool loses_signals = true;
#elif defined(__has_feature)
constexpr bool loses_signals = __has_feature(thread_sanitizer);
#else
constexpr bool loses_signals = false;
#endif

/// The child and what it prints.
class program {
public:
    explicit program(const std::string& what, bool ignore_interrupts = false) {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        std::string path = RAKKA_SHUTDOWN_PROGRAM;
        std::string argument = what;
        std::array<char*, 3> arguments{path.data(), argument.data(), nullptr};
        child_ = fork();
        if (child_ == 0) {
            dup2(ends[1], STDOUT_FILENO);
            dup2(ends[1], STDERR_FILENO);
            std::signal(SIGINT, ignore_interrupts ? SIG_IGN : SIG_DFL);
            std::signal(SIGTERM, SIG_DFL);
            execv(path.c_str(), arguments.data());
            _exit(127);
        }
        close(ends[1]);
        out_ = ends[0];
    }
    ~program() {
        if (child_ > 0) {
            kill(child_, SIGKILL);
            waitpid(child_, nullptr, 0);
        }
        close(out_);
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    void send(int signal) const {
        if constexpr (loses_signals) wait_for_main();
        kill(child_, signal);
    }
    /// To one thread of it, in place of the one that the kernel would choose.
    void send(int signal, pid_t thread) const { syscall(SYS_tgkill, child_, thread, signal); }

    /// Its threads that do not block `signal`.
    [[nodiscard]] std::vector<pid_t> threads_open_to(int signal) const {
        std::vector<pid_t> out;
        for (const auto& entry :
             std::filesystem::directory_iterator("/proc/" + std::to_string(child_) + "/task")) {
            std::ifstream status(entry.path() / "status");
            for (std::string line; std::getline(status, line);) {
                if (!line.starts_with("SigBlk:")) continue;
                const auto blocked = std::stoull(line.substr(7), nullptr, 16);
                if ((blocked >> (signal - 1) & 1U) == 0)
                    out.push_back(std::stoi(entry.path().filename().string()));
            }
        }
        return out;
    }

    /// Reads until `text` has been printed; false when the output ends or nothing comes for 60 s.
    [[nodiscard]] bool prints(const std::string& text) {
        while (printed.find(text) == std::string::npos) {
            pollfd ready{out_, POLLIN, 0};
            if (poll(&ready, 1, 60'000) != 1) return false;
            std::array<char, 512> some{};
            const auto n = read(out_, some.data(), some.size());
            if (n <= 0) return false;
            printed.append(some.data(), static_cast<std::size_t>(n));
        }
        return true;
    }
    /// The exit status; minus the signal that has ended it, which is SIGKILL when it hangs.
    [[nodiscard]] int end() {
        static_cast<void>(prints("\x01"));  // never: to the end
        pollfd ready{out_, POLLIN, 0};
        if (poll(&ready, 1, 0) == 0) kill(child_, SIGKILL);  // nothing comes, not even the end
        int status = 0;
        waitpid(child_, &status, 0);
        child_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    [[nodiscard]] bool has_printed(const std::string& text) const {
        return printed.find(text) != std::string::npos;
    }

    std::string printed;

private:
    /// Until its main thread, which the kernel gives signals to, has slept three times in a row.
    void wait_for_main() const {
        for (int slept = 0; slept < 3;) {
            std::this_thread::sleep_for(10ms);
            std::ifstream stat("/proc/" + std::to_string(child_) + "/task/" + std::to_string(child_) +
                               "/stat");
            const std::string line(std::istreambuf_iterator<char>(stat), {});
            const std::size_t name_end = line.rfind(')');
            if (name_end == std::string::npos || name_end + 2 >= line.size()) return;
            const char state = line[name_end + 2];
            if (state == 'Z') return;  // it has ended
            slept = state == 'S' ? slept + 1 : 0;
        }
    }

    pid_t child_ = -1;
    int out_ = -1;
};

TEST(shutdown_program, ends_well_on_either_signal) {
    for (const int signal : {SIGTERM, SIGINT}) {
        program p("");
        ASSERT_TRUE(p.prints("ready"));
        p.send(signal);
        EXPECT_EQ(p.end(), 0) << p.printed;
        EXPECT_TRUE(p.has_printed("hook"));
        EXPECT_TRUE(p.has_printed("end of main")) << "destructors and main() go on as usual";
    }
}

TEST(shutdown_program, ends_with_the_status_it_asks_for_itself) {
    program p("asks");
    EXPECT_EQ(p.end(), 3) << p.printed;
    EXPECT_TRUE(p.has_printed("hook"));
}

TEST(shutdown_program, ends_with_1_when_a_hook_has_failed) {
    program p("fails");
    ASSERT_TRUE(p.prints("ready"));
    p.send(SIGTERM);
    EXPECT_EQ(p.end(), 1);
    EXPECT_TRUE(p.has_printed("\"fails\" has failed")) << p.printed;
    EXPECT_TRUE(p.has_printed("hook"));
}

TEST(shutdown_program, an_interrupt_after_a_signal_ends_it_at_once) {
    for (const int first : {SIGTERM, SIGINT}) {
        program p("hangs");
        ASSERT_TRUE(p.prints("ready"));
        p.send(first);
        ASSERT_TRUE(p.prints("hangs"));
        const auto begun = std::chrono::steady_clock::now();
        p.send(SIGINT);
        EXPECT_EQ(p.end(), 130);
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
        EXPECT_TRUE(p.has_printed("interrupted again"));
        EXPECT_FALSE(p.has_printed("end of main"));
    }
}

TEST(shutdown_program, a_second_sigterm_changes_nothing) {
    program p("");
    ASSERT_TRUE(p.prints("ready"));
    p.send(SIGTERM);
    p.send(SIGTERM);
    EXPECT_EQ(p.end(), 0) << p.printed;
}

TEST(shutdown_program, whichever_thread_the_signal_meets) {
    if (loses_signals) GTEST_SKIP() << "ThreadSanitizer loses signals";
    int asked = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        program p("");
        ASSERT_TRUE(p.prints("ready"));
        const auto all = p.threads_open_to(SIGTERM);  // some may not be there yet
        if (i >= all.size()) break;
        p.send(SIGTERM, all[i]);
        EXPECT_EQ(p.end(), 0) << p.printed;
        ++asked;
    }
    EXPECT_GE(asked, 2) << "the main thread and workers";
}

TEST(shutdown_program, what_still_computes_is_ended_by_force) {
    program p("computes");
    ASSERT_TRUE(p.prints("ready"));
    p.send(SIGTERM);
    EXPECT_EQ(p.end(), 1);
    EXPECT_TRUE(p.has_printed("hook"));
    EXPECT_TRUE(p.has_printed("ended by force")) << p.printed;
    EXPECT_FALSE(p.has_printed("end of main"));
}

TEST(shutdown_program, interrupts_that_it_was_started_to_ignore_stay_ignored) {
    program p("", true);
    ASSERT_TRUE(p.prints("ready"));
    p.send(SIGINT);
    p.send(SIGINT);
    p.send(SIGTERM);
    EXPECT_EQ(p.end(), 0) << p.printed;
}

TEST(shutdown_signals_of, one_system_at_a_time_and_given_back) {
    struct sigaction before {};
    sigaction(SIGTERM, nullptr, &before);
    system first({.workers = 1});
    first.spawn([] {});
    std::thread runs([&] { EXPECT_EQ(run_until_shutdown(first), 0); });
    struct sigaction now {};
    do {
        std::this_thread::yield();
        sigaction(SIGTERM, nullptr, &now);
    } while (now.sa_handler == before.sa_handler);
    {
        system second({.workers = 1});
        EXPECT_THROW(run_until_shutdown(second), std::logic_error);
    }
    kill(getpid(), SIGTERM);
    runs.join();
    sigaction(SIGTERM, nullptr, &now);
    EXPECT_EQ(now.sa_handler, before.sa_handler);
    EXPECT_EQ(report_of_shutdown(first)->reason, "SIGTERM");
}

TEST(shutdown_signals_of, what_a_handler_writes_late_is_nobodys) {
    const auto ignore = [](int) {};
    struct sigaction during {};
    {
        const detail::shutdown_signals first(ignore);
        sigaction(SIGTERM, nullptr, &during);
    }
    during.sa_handler(SIGTERM);  // as one that was held up on its thread
    std::atomic<int> asked{0};
    {
        const detail::shutdown_signals second([&](int) { ++asked; });
    }
    EXPECT_EQ(asked, 0);
    {
        const detail::shutdown_signals third([&](int signal) { asked += signal; });
        std::raise(SIGTERM);
    }
    EXPECT_EQ(asked, SIGTERM);
}

}  // namespace
}  // namespace rakka
