// Nodes over Unix sockets: who finds whom, what a node leaves behind, and whom it lets in.
#include "support/cluster.hpp"

#include <rakka/etf/build.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <list>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace rakka::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr uid_t somebody_else = 65'534;

/// A socket bound to `path`; it listens with room for `waiting`, or not at all.
int bound_socket(const fs::path& path, int waiting = -1) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return -1;
    if (waiting >= 0 && ::listen(fd, waiting) != 0) return -1;
    return fd;
}

/// 0, or the system's error.
int connect_to(int fd, const fs::path& path) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::strncpy(at.sun_path, path.c_str(), sizeof at.sun_path - 1);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 ? 0 : errno;
}

class node_unix_sockets : public ::testing::Test {
protected:
    node_unix_sockets() {
        std::string name = (fs::temp_directory_path() / "rakka_unix_XXXXXX").string();
        folder = ::mkdtemp(name.data());
        fs::permissions(folder, fs::perms(0755));
    }
    ~node_unix_sockets() override {
        members_.clear();
        fs::remove_all(folder);
    }

    node_options options(const std::string& alive) const {
        node_options o;
        o.name = alive + "@127.0.0.1";
        o.cookie = *cookie::from_text("cluster");
        o.unix_sockets.emplace().directory = folder;
        return o;
    }
    member& start(node_options o) {
        members_.push_back(std::make_unique<member>(2));
        member& m = *members_.back();
        o.log = m.log.sink();
        auto started = node::start(m.sys, std::move(o));
        if (!started) throw std::runtime_error(started.error().message);
        m.self.emplace(std::move(*started));
        return m;
    }
    member& start(const std::string& alive) { return start(options(alive)); }
    node_start_error failure(node_options o) {
        member m(1);
        o.log = m.log.sink();
        auto started = node::start(m.sys, std::move(o));
        EXPECT_FALSE(started);
        return started ? node_start_error{} : started.error();
    }
    template <class F>
    static void eventually(const char* what, F done) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) FAIL() << "never: " << what;
            std::this_thread::yield();
        }
    }
    /// Runs `body` in a program of another user; gives its exit status.
    template <class F>
    static int as_somebody_else(F body) {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(::setresuid(somebody_else, somebody_else, somebody_else) == 0 ? body() : 99);
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
    }

    fs::path folder;

private:
    std::list<std::unique_ptr<member>> members_;
};

TEST_F(node_unix_sockets, nodes_find_each_other_and_talk_both_ways) {
    member& a = start("a");
    member& b = start("b");
    start_echo(a, "echo"_a);
    start_echo(b, "echo"_a);
    EXPECT_EQ(a->port(), 0);
    EXPECT_EQ(a->epmd_port(), 0);
    for (const auto& [from, to] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        from->sys.run([to = to] {
            const std::string text(300'000, 'x');
            send(registered_name{"echo"_a, to->name()}, term(tuple(self(), text)));
            const auto back = receive_soon();
            ASSERT_TRUE(back);
            EXPECT_EQ(back->tuple()[1].bytes().size(), text.size());
        });
    }
    EXPECT_EQ(a->connection_info(b.name())->address, (folder / "b").string());
    EXPECT_EQ(b->connection_info(a.name())->address,
              "user " + std::to_string(::geteuid()) + ", process:" + std::to_string(::getpid()));
}

TEST_F(node_unix_sockets, the_socket_has_its_mode_and_goes_with_the_node) {
    node_options o = options("a");
    o.unix_sockets->mode = 0666;
    const mode_t before = ::umask(077);  // which would take the group's and others' away
    member& a = start(std::move(o));
    member& b = start("b");
    ::umask(before);
    const auto mode_of = [](const fs::path& p) {
        struct stat s {};
        return ::lstat(p.c_str(), &s) == 0 && S_ISSOCK(s.st_mode) ? s.st_mode & 0777U : 0U;
    };
    EXPECT_EQ(mode_of(folder / "a"), 0666U);
    EXPECT_EQ(mode_of(folder / "b"), 0600U);
    a->stop();
    b->stop();
    EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(node_unix_sockets, one_that_was_left_behind_is_replaced) {
    ::close(bound_socket(folder / "a", 1));
    ASSERT_TRUE(fs::is_socket(folder / "a"));
    member& a = start("a");
    EXPECT_TRUE(start("b")->ping(a.name()));
}

TEST_F(node_unix_sockets, a_name_that_is_in_use_is_refused_and_stays_reachable) {
    member& a = start("a");
    const auto e = failure(options("a"));
    EXPECT_EQ(e.code, node_errc::node_name_taken);
    EXPECT_NE(e.message.find((folder / "a").string()), std::string::npos) << e.message;
    EXPECT_TRUE(start("b")->ping(a.name()));
}

TEST_F(node_unix_sockets, a_socket_that_somebody_else_has_put_there_is_not_removed) {
    member& a = start("a");
    fs::remove(folder / "a");
    ::close(bound_socket(folder / "a", 1));
    a->stop();
    EXPECT_TRUE(fs::is_socket(folder / "a"));
}

TEST_F(node_unix_sockets, what_is_no_socket_is_left_alone) {
    std::ofstream(folder / "a") << "precious";
    const auto e = failure(options("a"));
    EXPECT_EQ(e.code, node_errc::bad_option);
    EXPECT_NE(e.message.find("is no socket"), std::string::npos) << e.message;
    EXPECT_EQ(fs::file_size(folder / "a"), 8U);
}

TEST_F(node_unix_sockets, a_path_that_is_too_long_is_said_to_be) {
    const std::string most(max_unix_socket_path - folder.native().size() - 1, 'a');
    member& a = start(most);
    const auto e = failure(options(most + "a"));
    EXPECT_EQ(e.code, node_errc::bad_option);
    EXPECT_NE(e.message.find("has 108 bytes, and the system allows 107"), std::string::npos) << e.message;
    const auto dialled = a->connect(atom(most + "b@127.0.0.1"));
    ASSERT_FALSE(dialled);
    EXPECT_EQ(dialled.error(), node_errc::bad_option);
    a.log.wait_for("has 108 bytes");
}

TEST_F(node_unix_sockets, a_directory_that_is_not_there_is_named) {
    node_options o = options("a");
    o.unix_sockets->directory = folder / "none";
    const auto e = failure(std::move(o));
    EXPECT_TRUE(e.code == boost::system::errc::no_such_file_or_directory) << e.code.message();
    EXPECT_NE(e.message.find((folder / "none").string()), std::string::npos) << e.message;
}

// The names of peers come from messages: they must lead to nothing outside of the directory.
TEST_F(node_unix_sockets, a_name_that_is_a_path_is_not_dialled) {
    fs::create_directory(folder / "inside");
    node_options o = options("a");
    o.unix_sockets->directory = folder / "inside";
    member& a = start(std::move(o));
    const int outside = bound_socket(folder / "b", 1);
    for (const std::string& alive :
         {std::string("../b"), (folder / "b").string(), std::string(".."), std::string(".")}) {
        const auto done = a->connect(atom(alive + "@127.0.0.1"));
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error(), node_errc::bad_option) << alive;
    }
    a.log.wait_for("cannot be the name of a Unix socket");
    pollfd caller{outside, POLLIN, 0};
    EXPECT_EQ(::poll(&caller, 1, 0), 0);
    ::close(outside);
}

TEST_F(node_unix_sockets, who_keeps_the_directory_locked_keeps_nobody_waiting_for_ever) {
    const int held = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_EQ(::flock(held, LOCK_EX), 0);
    const auto e = failure(options("a"));
    EXPECT_TRUE(e.code == boost::system::errc::operation_would_block) << e.code.message();
    EXPECT_NE(e.message.find("does not let go"), std::string::npos) << e.message;
    ::close(held);
    start("a");
}

TEST_F(node_unix_sockets, dialling_says_what_is_wrong) {
    member& a = start("a");
    ::close(bound_socket(folder / "old", 1));
    EXPECT_EQ(a->connect("none@127.0.0.1"_a).error(), node_errc::node_not_registered);
    a.log.wait_for("there is no such file");
    EXPECT_EQ(a->connect("old@127.0.0.1"_a).error(), node_errc::node_not_registered);
    a.log.wait_for("left its socket behind");
}

// The system says "try again" then, which is not the same as an attempt under way.
TEST_F(node_unix_sockets, a_listener_with_too_many_waiting_is_waited_for) {
    node_options o = options("a");
    o.net_setuptime = 300ms;
    member& a = start(std::move(o));
    const int lazy = bound_socket(folder / "lazy", 0);
    const int first = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(connect_to(first, folder / "lazy"), 0);
    EXPECT_EQ(a->connect("lazy@127.0.0.1"_a).error(), node_errc::handshake_timeout);
    ::close(first);
    ::close(lazy);
}

TEST_F(node_unix_sockets, other_users_are_kept_out_by_the_mode_and_by_who_they_are) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs to be another user: run as root";
    node_options o = options("open");
    o.unix_sockets->mode = 0666;
    member& open = start(std::move(o));
    start("closed");
    const fs::path closed_path = folder / "closed";
    const fs::path open_path = folder / "open";
    EXPECT_EQ(as_somebody_else([&] { return connect_to(::socket(AF_UNIX, SOCK_STREAM, 0), closed_path); }),
              EACCES);
    EXPECT_EQ(as_somebody_else([&] {
                  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
                  if (const int e = connect_to(fd, open_path); e != 0) return e;
                  char byte = 0;
                  return ::read(fd, &byte, 1) == 0 ? 77 : 1;  // closed without a word
              }),
              77);
    EXPECT_EQ(open.log.wait_for("same_user").code, node_errc::not_allowed);
}

TEST_F(node_unix_sockets, a_socket_of_another_user_is_not_dialled_unless_it_may_be) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs to be another user: run as root";
    const fs::path theirs = folder / "theirs";
    fs::permissions(folder, fs::perms(0777));
    int both[2];
    ASSERT_EQ(::pipe(both), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(both[1]);
        if (::setresuid(somebody_else, somebody_else, somebody_else) != 0) ::_exit(1);
        if (bound_socket(theirs, 5) < 0) ::_exit(1);
        char byte = 0;
        ::_exit(static_cast<int>(::read(both[0], &byte, 1)));  // until the test closes its end
    }
    ::close(both[0]);
    eventually("they listen", [&] {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        const int failed = connect_to(fd, theirs);
        ::close(fd);
        return failed == 0;
    });
    member& a = start("a");
    EXPECT_EQ(a->connect("theirs@127.0.0.1"_a).error(), node_errc::not_allowed);
    a.log.wait_for("user 65534");
    node_options o = options("b");
    o.unix_sockets->same_user = false;
    o.net_setuptime = 300ms;
    EXPECT_EQ(start(std::move(o))->connect("theirs@127.0.0.1"_a).error(), node_errc::handshake_timeout);
    ::close(both[1]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace rakka::testing
