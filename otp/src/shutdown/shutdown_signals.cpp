#include "shutdown/shutdown_signals.hpp"

#include <rakka/actors/own_threads.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace rakka::detail {
namespace {

/// From the signal handler to the thread. Never closed: a handler may be about to write to it on any thread.
struct signal_pipe {
    int out = -1;
    int in = -1;
};

signal_pipe open_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    // A full pipe has told enough.
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    return {ends[0], ends[1]};
}

const signal_pipe& the_pipe() {
    static const signal_pipe it = open_pipe();
    return it;
}

/// What goes through the pipe: few enough bytes to be written whole or not at all.
struct told {
    char signal = 0;  // 0: the thread is to end
    /// Of which shutdown_signals: what a handler of an earlier one writes late is nobody's any more.
    unsigned char whose = 0;
};

std::atomic<bool> in_use{false};
std::atomic<int> pipe_in{-1};
std::atomic<unsigned char> whose_now{0};
std::atomic<unsigned> signals_seen{0};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free &&
              std::atomic<unsigned char>::is_always_lock_free);

/// Only what a signal handler may.
void on_signal(int signal) {
    const int saved = errno;
    const told what{static_cast<char>(signal), whose_now.load()};
    if (signals_seen.fetch_add(1) > 0 && signal == SIGINT) {
        constexpr std::string_view said = "[rakka error] interrupted again: ending at once\n";
        static_cast<void>(!write(STDERR_FILENO, said.data(), said.size()));
        _exit(128 + SIGINT);
    }
    static_cast<void>(!write(pipe_in.load(), &what, sizeof what));
    errno = saved;
}

/// A signal that the program was started to ignore stays so, as for a job in the background of a shell.
void handle(int signal, struct sigaction& old) noexcept {
    struct sigaction now {};
    now.sa_handler = &on_signal;
    now.sa_flags = SA_RESTART;
    sigfillset(&now.sa_mask);
    sigaction(signal, nullptr, &old);
    if (old.sa_handler != SIG_IGN) sigaction(signal, &now, nullptr);
}

}  // namespace

shutdown_signals::shutdown_signals(std::function<void(int signal)> asked) : asked_(std::move(asked)) {
    if (in_use.exchange(true))
        throw std::logic_error("rakka: the signals SIGTERM and SIGINT belong to another system");
    try {
        pipe_in.store(the_pipe().in);
        whose_now.fetch_add(1);
        signals_seen.store(0);
        const own_threads ours;
        thread_ = std::thread([this] { run(); });
    } catch (...) {
        in_use.store(false);
        throw;
    }
    handle(SIGTERM, old_terminate_);
    handle(SIGINT, old_interrupt_);
}

shutdown_signals::~shutdown_signals() {
    sigaction(SIGTERM, &old_terminate_, nullptr);
    sigaction(SIGINT, &old_interrupt_, nullptr);
    // The thread reads, so that there is room soon.
    const told end{0, whose_now.load()};
    while (write(the_pipe().in, &end, sizeof end) < 0 && (errno == EAGAIN || errno == EINTR))
        std::this_thread::yield();
    thread_.join();
    in_use.store(false);
}

void shutdown_signals::run() const {
    // The handler runs on whichever thread the kernel picks; this one has enough to do.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    const unsigned char mine = whose_now.load();
    for (told what;;) {
        const auto n = read(the_pipe().out, &what, sizeof what);
        if (n < 0 && errno == EINTR) continue;
        if (n != sizeof what) return;
        if (what.whose != mine) continue;
        if (what.signal == 0) return;
        asked_(what.signal);
    }
}

}  // namespace rakka::detail
