#include "transport/unix_socket.hpp"

#include "transport/socket_stream.hpp"

#include <rakka/node/errc.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace rakka::transport {
namespace {

using boost::asio::local::stream_protocol;
using std::filesystem::path;

constexpr std::chrono::milliseconds pause_when_full(20);

class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    descriptor(descriptor&& other) noexcept : fd_(other.release()) {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

error_code system_error(int number) {
    return {number, boost::system::system_category()};
}

unix_socket_error too_long(const path& p) {
    return {node_errc::bad_option,
            fmt::format(
                "the path \"{}\" of the Unix socket has {} bytes, and the system allows {}: choose a shorter "
                "unix_socket_options::directory",
                p.native(), p.native().size(), max_unix_socket_path)};
}

/// REQUIRES: the path is not too long.
sockaddr_un to_address(const path& p) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, p.c_str(), p.native().size());
    return at;
}

descriptor new_socket() {
    return descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// 0, or the system's error; EAGAIN: too many others wait there.
int connect_to(int fd, const path& p) {
    const sockaddr_un to = to_address(p);
    int done = 0;
    do
        done = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    while (done != 0 && errno == EINTR);
    return done == 0 ? 0 : errno;
}

std::optional<ucred> credentials_of(int fd) {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return std::nullopt;
    return who;
}

std::string to_text(const std::optional<ucred>& who) {
    return who ? fmt::format("user {}, process:{}", who->uid, who->pid) : "unknown process:0";
}

bool is_own_user(const std::optional<ucred>& who) {
    return who && who->uid == ::geteuid();
}

constexpr const char* same_user_hint =
    "set unix_socket_options::same_user to false to talk to programs of other users";

}  // namespace

unix_result<path> socket_of(const unix_socket_options& where, std::string_view alive) {
    if (alive.empty() || alive == "." || alive == ".." || alive.find('/') != std::string_view::npos) {
        return unix_socket_error{
            node_errc::bad_option,
            fmt::format("\"{}\" cannot be the name of a Unix socket in {}", alive, where.directory.native())};
    }
    return where.directory / alive;
}

// ---- dial

unix_dial::unix_dial(io_loop& io, path p, bool same_user, callback done)
    : io_(io), path_(std::move(p)), same_user_(same_user), done_(std::move(done)), pause_(io) {}

std::shared_ptr<unix_dial> unix_dial::start(io_loop& io, path p, const unix_socket_options& who,
                                            std::chrono::nanoseconds timeout, callback done) {
    auto self = std::make_shared<unix_dial>(io, std::move(p), who.same_user, std::move(done));
    self->until_ = std::chrono::steady_clock::now() + timeout;
    boost::asio::post(io, [self] { self->attempt(); });
    return self;
}

// Asio's own connect takes a full queue of the listener for an attempt under way, and then for a success.
void unix_dial::attempt() {
    if (!done_) return;
    if (path_.native().size() > max_unix_socket_path) return finish(too_long(path_));
    descriptor fd = new_socket();
    const int failed = fd.get() < 0 ? errno : connect_to(fd.get(), path_);
    if (failed == EAGAIN && std::chrono::steady_clock::now() < until_) {
        return pause_.start(pause_when_full, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->attempt();
        });
    }
    const auto fail = [&](error_code code, std::string_view why) {
        finish(unix_socket_error{code,
                                 fmt::format("connecting to the Unix socket {}: {}", path_.native(), why)});
    };
    switch (failed) {
        case 0:
            break;
        case ENOENT:
            return fail(node_errc::node_not_registered,
                        "there is no such file: no node of that name runs, or it has another directory");
        case ECONNREFUSED:
            return fail(node_errc::node_not_registered,
                        "nobody listens there: the node has ended and left its socket behind");
        case EACCES:
            return fail(system_error(failed),
                        "permission denied: the socket's mode or that of a directory keeps this user out");
        default:
            return fail(system_error(failed), system_error(failed).message());
    }
    const auto who = credentials_of(fd.get());
    if (same_user_ && !is_own_user(who)) {
        return fail(node_errc::not_allowed, fmt::format("{} listens there, this program is of user {}: {}",
                                                        to_text(who), ::geteuid(), same_user_hint));
    }
    stream_protocol::socket s(io_);
    error_code refused;
    s.assign(stream_protocol(), fd.get(), refused);
    if (refused) return fail(refused, refused.message());
    fd.release();
    finish(std::unique_ptr<stream>(
        std::make_unique<socket_stream>(std::move(s), path_.native(), std::string("a Unix socket"))));
}

void unix_dial::finish(unix_result<std::unique_ptr<stream>> outcome) {
    const callback done = std::exchange(done_, nullptr);
    if (done) done(std::move(outcome));
}

void unix_dial::cancel() noexcept {
    done_ = nullptr;
    pause_.cancel();
}

// ---- listen

struct unix_listener::state : std::enable_shared_from_this<unix_listener::state> {
    explicit state(io_loop& loop) : acceptor(loop), pause(loop) {}

    void accept_next() {
        acceptor.async_accept([self = shared_from_this()](error_code e, stream_protocol::socket s) {
            if (!self->accepted || e == boost::asio::error::operation_aborted) return;
            if (!e) {
                self->take(std::move(s));
            } else if (e == boost::asio::error::no_descriptors || e == boost::asio::error::no_buffer_space ||
                       e == boost::asio::error::no_memory) {
                // Out of descriptors: trying again at once would only spin.
                return self->pause.start(std::chrono::milliseconds(100), [self] { self->accept_next(); });
            } else if (e != boost::asio::error::connection_aborted) {
                const auto call = self->failed;
                return call(e);
            }
            if (self->accepted) self->accept_next();
        });
    }

    void take(stream_protocol::socket s) {
        const auto who = credentials_of(s.native_handle());
        if (same_user && !is_own_user(who)) {
            const refusal call = refused;  // a copy, as below
            return call(fmt::format("closed the connection from {} at {}: this program is of user {}; {}",
                                    to_text(who), file.native(), ::geteuid(), same_user_hint));
        }
        const callback call = accepted;  // a copy: the callback may close the listener
        call(std::make_unique<socket_stream>(std::move(s), to_text(who), file.native()));
    }

    /// Unless somebody else's socket has taken its place.
    void remove_file() const noexcept {
        struct stat now {};
        if (::lstat(absolute.c_str(), &now) == 0 && now.st_dev == device && now.st_ino == inode)
            ::unlink(absolute.c_str());
    }

    stream_protocol::acceptor acceptor;
    timer pause;
    path file;      // as configured
    path absolute;  // the same from anywhere
    dev_t device = 0;
    ino_t inode = 0;
    bool same_user = true;
    callback accepted;
    std::function<void(error_code)> failed;
    refusal refused;
};

namespace {

using problem = std::optional<unix_socket_error>;

problem failed_at(const path& p, std::string_view what, int number) {
    return unix_socket_error{system_error(number), fmt::format("{} the Unix socket {}: {}", what, p.native(),
                                                               system_error(number).message())};
}

/// Binds where something is already, if that is a socket at which nobody listens.
problem replace_left_over(int fd, const path& p) {
    struct stat there {};
    if (::lstat(p.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode)) {
        return unix_socket_error{
            node_errc::bad_option,
            fmt::format("{} is no socket: remove it, give the node another name, or choose "
                        "another unix_socket_options::directory",
                        p.native())};
    }
    const descriptor probe = new_socket();
    const int answer = probe.get() < 0 ? errno : connect_to(probe.get(), p);
    if (answer == 0 || answer == EAGAIN) {
        return unix_socket_error{
            node_errc::node_name_taken,
            fmt::format("a node listens at the Unix socket {} already: stop it, or start this "
                        "one under another name or in another directory",
                        p.native())};
    }
    if (answer != ECONNREFUSED && answer != ENOENT) return failed_at(p, "finding out who listens at", answer);
    if (::unlink(p.c_str()) != 0 && errno != ENOENT)
        return failed_at(p, "removing what a node left behind,", errno);
    const sockaddr_un at = to_address(p);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
        return failed_at(p, "binding", errno);
    return std::nullopt;
}

/// 0, or the system's error; EWOULDBLOCK: somebody has kept the lock for two seconds, and may for ever:
/// whoever can read the directory can have it.
int lock(int fd) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() > until) return errno;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return 0;
}

/// Gives back what the process's umask has taken away. Not through a link, which others may have put there if
/// they can write to the directory.
bool set_mode(const path& p, unsigned mode) {
    struct stat now {};
    if (::lstat(p.c_str(), &now) != 0) return false;
    if (!S_ISSOCK(now.st_mode)) {
        errno = EEXIST;
        return false;
    }
    if ((now.st_mode & 0777U) == mode) return true;
    const descriptor it(::open(p.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    return it.get() >= 0 && ::chmod(fmt::format("/proc/self/fd/{}", it.get()).c_str(), mode) == 0;
}

/// REQUIRES: the path is not too long.
problem bind_and_listen(int fd, const path& p, unsigned mode) {
    // Two nodes of one name that start at once must not take each other's socket for a left over one.
    const path folder = p.has_parent_path() ? p.parent_path() : path(".");
    const descriptor turn(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (const int failed = turn.get() < 0 ? errno : lock(turn.get())) {
        return unix_socket_error{
            system_error(failed),
            fmt::format("{} {}, unix_socket_options::directory: {}",
                        failed == EWOULDBLOCK ? "another program does not let go of its lock on" : "opening",
                        folder.native(), system_error(failed).message())};
    }
    const sockaddr_un at = to_address(p);
    static_cast<void>(::fchmod(fd, mode));  // Linux creates the file with it, so that it is never too open
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
        if (errno != EADDRINUSE) return failed_at(p, "binding", errno);
        if (auto e = replace_left_over(fd, p)) return e;
    }
    if (!set_mode(p, mode) || ::listen(fd, SOMAXCONN) != 0) {
        const int number = errno;
        ::unlink(p.c_str());
        return failed_at(p, "listening at", number);
    }
    return std::nullopt;
}

}  // namespace

unix_listener::unix_listener(std::shared_ptr<state> s) : state_(std::move(s)) {}
unix_listener::~unix_listener() {
    close();
}

unix_result<std::unique_ptr<unix_listener>> unix_listener::open(io_loop& io, path p,
                                                                const unix_socket_options& how,
                                                                refusal refused) {
    if (p.native().size() > max_unix_socket_path) return too_long(p);
    descriptor fd = new_socket();
    if (fd.get() < 0) return *failed_at(p, "opening", errno);
    if (auto e = bind_and_listen(fd.get(), p, how.mode)) return *std::move(e);
    auto s = std::make_shared<state>(io);
    error_code no_loop;
    s->acceptor.assign(stream_protocol(), fd.get(), no_loop);
    if (no_loop) {
        ::unlink(p.c_str());
        return unix_socket_error{
            no_loop, fmt::format("listening at the Unix socket {}: {}", p.native(), no_loop.message())};
    }
    fd.release();
    std::error_code ignored;
    s->absolute = std::filesystem::absolute(p, ignored);
    s->file = std::move(p);
    struct stat own {};
    if (::lstat(s->absolute.c_str(), &own) == 0) {
        s->device = own.st_dev;
        s->inode = own.st_ino;
    }
    s->same_user = how.same_user;
    s->refused = std::move(refused);
    return std::make_unique<unix_listener>(std::move(s));
}

void unix_listener::start(callback accepted, std::function<void(error_code)> failed) {
    state_->accepted = std::move(accepted);
    state_->failed = std::move(failed);
    state_->accept_next();
}

void unix_listener::close() noexcept {
    state_->accepted = nullptr;
    state_->failed = nullptr;
    state_->refused = nullptr;
    state_->pause.cancel();
    if (!state_->acceptor.is_open()) return;
    state_->remove_file();
    try {
        error_code ignored;
        state_->acceptor.close(ignored);
    } catch (...) {
        // the callbacks are gone: nothing is told any more
    }
}

std::string unix_listener::address() const {
    return state_->file.native();
}

}  // namespace rakka::transport
