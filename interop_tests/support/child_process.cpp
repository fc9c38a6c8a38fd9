#include "support/child_process.hpp"

#include "support/harness_error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace rakka::interop {

namespace {

constexpr std::size_t output_limit = 256 * 1024;

std::pair<unique_fd, unique_fd> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        throw harness_error{"pipe2: " + std::string{std::strerror(errno)}};
    return {unique_fd{ends[0]}, unique_fd{ends[1]}};
}

std::vector<std::string> merged_environment(const std::vector<std::pair<std::string, std::string>>& changes) {
    std::map<std::string, std::string> variables;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text{*entry};
        const auto equals = text.find('=');
        if (equals != std::string_view::npos)
            variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    for (const auto& [name, value] : changes) {
        variables[name] = value;
        if (value.empty()) variables.erase(name);
    }
    std::vector<std::string> merged;
    for (const auto& [name, value] : variables)
        merged.push_back(name + "=" + value);
    return merged;
}

std::vector<char*> c_pointers(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    for (auto& string : strings)
        pointers.push_back(string.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Spawns with stdin and stdout/stderr on the given descriptors, as the leader of a new process group.
pid_t spawn_in_group(std::vector<std::string>& command, std::vector<std::string>& environment, int in,
                     int out) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, command[0].c_str(), &actions, &attributes,
                                     c_pointers(command).data(), c_pointers(environment).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw harness_error{"cannot start " + command[0] + ": " + std::strerror(error)};
    return pid;
}

}  // namespace

child_process::child_process(std::vector<std::string> command,
                             const std::vector<std::pair<std::string, std::string>>& environment) {
    auto [stdin_read, stdin_write] = make_pipe();
    auto [output_read, output_write] = make_pipe();
    auto variables = merged_environment(environment);
    pid_ = spawn_in_group(command, variables, stdin_read.get(), output_write.get());
    stdin_ = std::move(stdin_write);
    output_pipe_ = std::move(output_read);
    exit_event_ = unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))};
    reader_ = std::thread{[this] { read_output(); }};
}

child_process::~child_process() {
    kill();
    reader_.join();
}

void child_process::read_output() {
    std::array<char, 4096> chunk{};
    for (;;) {
        const ssize_t count = ::read(output_pipe_.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        const std::lock_guard lock{mutex_};
        if (count <= 0) {
            output_ended_ = true;
            changed_.notify_all();
            return;
        }
        output_.append(chunk.data(), static_cast<std::size_t>(count));
        if (output_.size() > output_limit) output_.erase(0, output_.size() - output_limit);
        changed_.notify_all();
    }
}

bool child_process::has_exited() const {
    if (reaped_) return true;
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
}

std::string child_process::output() const {
    const std::lock_guard lock{mutex_};
    return output_;
}

bool child_process::wait_for_output(std::string_view text, std::chrono::milliseconds timeout) const {
    std::unique_lock lock{mutex_};
    const auto printed = [&] { return output_.find(text) != std::string::npos; };
    changed_.wait_for(lock, timeout, [&] { return printed() || output_ended_; });
    return printed();
}

void child_process::signal(int number) const {
    if (!reaped_) ::kill(-pid_, number);
}

bool child_process::wait_for_exit(std::chrono::milliseconds timeout) const {
    pollfd exited{.fd = exit_event_.get(), .events = POLLIN, .revents = 0};
    if (!has_exited() && ::poll(&exited, 1, static_cast<int>(timeout.count())) != 1) return false;
    // What it has printed last may still be in the pipe; a child of its own may hold that open for longer.
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds(1), [&] { return output_ended_; });
    return true;
}

void child_process::kill() {
    if (reaped_) return;
    // The group first: while the leader is not reaped its number cannot have become somebody else's.
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
}

}  // namespace rakka::interop
