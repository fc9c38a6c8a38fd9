// `rakka capture` between real nodes: what it records, prints and says again.
#include "support/child_process.hpp"
#include "support/command_fixture.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace rakka::interop {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class capture_test : public command_test {
protected:
    /// A recording that runs, of connections to b.
    void start_recording(const std::vector<std::string>& more = {}) {
        std::vector<std::string> line{RAKKA_COMMAND, "capture",     "record",
                                      "b@127.0.0.1", "--epmd-port", std::to_string(epmd().port())};
        line.insert(line.end(), more.begin(), more.end());
        recorder_ = std::make_unique<child_process>(line, std::vector<std::pair<std::string, std::string>>{});
        ASSERT_TRUE(recorder_->wait_for_output("Ctrl-C ends", 20s)) << recorder_->output();
        const std::string said = recorder_->output();
        const std::string before = "ERL_EPMD_PORT=";
        own_epmd_ = static_cast<std::uint16_t>(std::stoi(said.substr(said.find(before) + before.size())));
    }
    std::string end_recording() {
        recorder_->signal(SIGINT);
        EXPECT_TRUE(recorder_->wait_for_exit(20s));
        return recorder_->output();
    }
    /// A node that connects through the recording.
    beam_node start_dialler() {
        beam_options o = options("a");
        o.epmd_port = own_epmd_;
        return beam_node{o};
    }
    /// A process of b that is registered as box and says what it got.
    static void start_box(beam_node& b) {
        b.eval(
            "register(box, spawn(fun() -> (fun L(All) -> receive {ask, P} -> P ! All, L([]); M -> "
            "L([M | All]) end end)([]) end))");
    }
    static std::string box(beam_node& b) {
        return b.eval(
            "(fun Soon(0) -> none; Soon(N) -> box ! {ask, self()}, receive [] -> timer:sleep(20), "
            "Soon(N - 1); [M] -> M end end)(500)");
    }

    std::unique_ptr<child_process> recorder_;
    std::uint16_t own_epmd_ = 0;
};
RAKKA_OTP_TEST_SUITE(capture_test);

TEST_P(capture_test, records_prints_and_says_again) {
    auto b = start_erlang("b");
    start_box(b);
    const std::string file = (files().path() / "recording").string();
    start_recording({"-o", file});
    {
        auto a = start_dialler();
        // Atoms of the cache, and more than one fragment.
        a.eval("{box, 'b@127.0.0.1'} ! {hello, 'an atom', binary:copy(<<\"12345678\">>, 30000)}");
        EXPECT_EQ(
            box(b), "{hello,'an atom',<<\"" + [] {
                std::string all;
                for (int i = 0; i < 30000; ++i)
                    all += "12345678";
                return all;
            }() + "\">>}");
    }
    const std::string live = end_recording();
    const auto printed = run({"capture", "print", file, "--max-text", "60"});
    EXPECT_EQ(printed.status, 0) << printed.output;
    for (const std::string& text : {live, printed.output}) {
        EXPECT_THAT(text, AllOf(HasSubstr("a@127.0.0.1: name: a@127.0.0.1"),
                                HasSubstr("b@127.0.0.1: challenge: b@127.0.0.1"), HasSubstr("connected"),
                                HasSubstr("name box)"), HasSubstr("{hello,'an atom',<<\"1234"),
                                HasSubstr("ends the connection")));
        EXPECT_THAT(text, Not(HasSubstr("cannot be read")));
    }
    const auto mode = std::filesystem::status(file).permissions();
    EXPECT_EQ(mode & ~(std::filesystem::perms::owner_read | std::filesystem::perms::owner_write),
              std::filesystem::perms::none);

    const std::vector<std::string> replay{
        "capture", "replay", file,         "--epmd-port", std::to_string(epmd().port()),
        "--wait",  "0.5",    "--max-text", "60"};
    auto wrong = replay;
    wrong.insert(wrong.end(), {"--cookie", "another"});
    EXPECT_EQ(run(wrong).status, 1);
    auto right = replay;
    right.insert(right.end(), {"--cookie", options("unused").cookie});
    const auto again = run(right);
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_THAT(again.output, HasSubstr("a@127.0.0.1: REG_SEND"));
    EXPECT_THAT(box(b), HasSubstr("{hello,'an atom',<<\"1234"));
}

/// A named pipe that nobody reads from yet: the slowest of all disks.
class slow_file {
public:
    explicit slow_file(std::string path) : path_(std::move(path)) {
        if (::mkfifo(path_.c_str(), 0600) == 0)
            fd_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    ~slow_file() {
        if (fd_ >= 0) ::close(fd_);
    }
    slow_file(const slow_file&) = delete;
    slow_file& operator=(const slow_file&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] bool usable() const { return fd_ >= 0; }
    /// All that is written from now on, until the writer has ended.
    [[nodiscard]] std::string read_all() const {
        ::fcntl(fd_, F_SETFL, 0);
        std::string all;
        std::array<char, 65536> some{};
        for (ssize_t n = 1; n > 0;) {
            n = ::read(fd_, some.data(), some.size());
            if (n > 0) all.append(some.data(), static_cast<std::size_t>(n));
        }
        return all;
    }

private:
    std::string path_;
    int fd_ = -1;
};

constexpr std::size_t large = std::size_t{8} << 20;  // more than a pipe holds, by far

TEST_P(capture_test, a_slow_disk_does_not_slow_the_nodes) {
    auto b = start_erlang("b");
    start_box(b);
    const slow_file file((files().path() / "pipe").string());
    ASSERT_TRUE(file.usable());
    start_recording({"-o", file.path(), "-q"});
    std::string written;
    {
        auto a = start_dialler();
        a.eval("{box, 'b@127.0.0.1'} ! binary:copy(<<7>>, " + std::to_string(large) + ")");
        EXPECT_EQ(b.eval("(fun Soon() -> box ! {ask, self()}, receive [] -> timer:sleep(20), Soon(); "
                         "[M] -> byte_size(M) end end)()"),
                  std::to_string(large));
    }
    recorder_->signal(SIGINT);
    written = file.read_all();
    EXPECT_TRUE(recorder_->wait_for_exit(20s));
    EXPECT_GT(written.size(), large);
    EXPECT_THAT(recorder_->output(), Not(HasSubstr("--buffer")));
    std::ofstream(files().path() / "copy", std::ios::binary) << written;
    const auto printed = run({"capture", "print", (files().path() / "copy").string(), "--max-text", "60"});
    EXPECT_EQ(printed.status, 0) << printed.output;
    EXPECT_THAT(printed.output, AllOf(HasSubstr("<<7,7,7"), HasSubstr("ends the connection: closed"),
                                      Not(HasSubstr("cannot be read"))));
}

TEST_P(capture_test, what_a_slow_disk_has_no_room_for_is_left_out_and_told) {
    auto b = start_erlang("b");
    start_box(b);
    const slow_file file((files().path() / "pipe").string());
    ASSERT_TRUE(file.usable());
    start_recording({"-o", file.path(), "-q", "--buffer", "1"});
    {
        auto a = start_dialler();
        a.eval("{box, 'b@127.0.0.1'} ! binary:copy(<<7>>, " + std::to_string(large) + ")");
        EXPECT_EQ(b.eval("(fun Soon() -> box ! {ask, self()}, receive [] -> timer:sleep(20), Soon(); "
                         "[M] -> byte_size(M) end end)()"),
                  std::to_string(large));
    }
    recorder_->signal(SIGINT);
    const std::string written = file.read_all();
    EXPECT_TRUE(recorder_->wait_for_exit(20s));
    EXPECT_LT(written.size(), std::size_t{4} << 20);
    EXPECT_THAT(recorder_->output(), HasSubstr("1 connections are not recorded to their end"));
    std::ofstream(files().path() / "copy", std::ios::binary) << written;
    const auto printed = run({"capture", "print", (files().path() / "copy").string()});
    EXPECT_EQ(printed.status, 0) << "a whole recording, of less";
    EXPECT_THAT(printed.output, AllOf(HasSubstr("connected"), HasSubstr("not recorded from here on")));
}

TEST_P(capture_test, what_cannot_be_recorded_or_read_is_said) {
    const auto nobody =
        run({"capture", "record", "b@127.0.0.1", "--epmd-port", std::to_string(epmd().port())});
    EXPECT_EQ(nobody.status, 2);
    EXPECT_THAT(nobody.output, HasSubstr("no node named b"));
    EXPECT_EQ(run({"capture", "record", "b"}).status, 2);
    const auto no_file = run({"capture", "print", (files().path() / "nothing").string()});
    EXPECT_EQ(no_file.status, 2);
    const auto no_recording = run({"capture", "print", RAKKA_COMMAND});
    EXPECT_EQ(no_recording.status, 2);
    EXPECT_THAT(no_recording.output, HasSubstr("no recording"));
    EXPECT_NE(run({"capture"}).status, 0);
}

}  // namespace
}  // namespace rakka::interop
