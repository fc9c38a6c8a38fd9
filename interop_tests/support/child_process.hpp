// A program run beside the test: its output is kept, and it is gone when the object is.
#pragma once

#include "support/unique_fd.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <thread>
#include <utility>
#include <vector>

namespace rakka::interop {

/// A child in a process group of its own, with stdout and stderr read into one bounded buffer.
/// Any thread may call the const members; the others belong to the thread that made it.
class child_process {
public:
    /// Starts `command[0]` with the caller's environment, changed by `environment` (an empty value removes a
    /// variable). The child's stdin is a pipe that stays open until close_stdin(). Throws harness_error when
    /// it cannot start.
    child_process(std::vector<std::string> command,
                  const std::vector<std::pair<std::string, std::string>>& environment);
    ~child_process();
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    pid_t pid() const { return pid_; }
    /// Becomes readable when the child has exited; for poll(2).
    int exit_event() const { return exit_event_.get(); }
    bool has_exited() const;
    /// All it printed so far (the last 256 KiB of it).
    std::string output() const;
    /// Blocks until `text` has been printed (true), or the child's output has ended or time is up (false).
    bool wait_for_output(std::string_view text, std::chrono::milliseconds timeout) const;

    void close_stdin() { stdin_.reset(); }
    /// Sends `number` to the whole process group.
    void signal(int number) const;
    /// Waits for the exit, and for the last it has printed; false when time is up.
    bool wait_for_exit(std::chrono::milliseconds timeout) const;
    /// Kills the whole group and reaps the child. Harmless when repeated.
    void kill();

private:
    void read_output();

    unique_fd stdin_;
    unique_fd output_pipe_;
    unique_fd exit_event_;
    pid_t pid_ = -1;
    bool reaped_ = false;

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::string output_;         // guarded by mutex_
    bool output_ended_ = false;  // guarded by mutex_
    std::thread reader_;
};

}  // namespace rakka::interop
