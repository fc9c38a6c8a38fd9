// Unix sockets: dialling, listening, and who is at the other end.
#pragma once

#include "transport/io_loop.hpp"
#include "transport/listening_socket.hpp"
#include "transport/stream.hpp"

#include <rakka/node/unix_sockets.hpp>

#include <boost/system/result.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace rakka::transport {

/// Why something with a Unix socket did not work: a code to act on and a sentence with the path.
struct unix_socket_error {
    error_code code;
    std::string text;
};
template <class T>
using unix_result = boost::system::result<T, unix_socket_error>;

/// Where a node of this name, the part before the @, has its socket. bad_option: it is none that a file in
/// that directory can have, because of a slash or as "." or "..".
[[nodiscard]] unix_result<std::filesystem::path> socket_of(const unix_socket_options& where,
                                                           std::string_view alive);

/// A connection attempt under way. I/O thread.
class unix_dial : public std::enable_shared_from_this<unix_dial> {
public:
    using callback = std::function<void(unix_result<std::unique_ptr<stream>>)>;

    /// `done` is called once, on the I/O thread, never from within, unless `cancel` comes first. A listener
    /// that has many others waiting is tried again until `timeout`. Codes: node_not_registered (nobody
    /// listens there), not_allowed (somebody else's program, with `who.same_user`), bad_option (the path is
    /// too long), the system's.
    static std::shared_ptr<unix_dial> start(io_loop& io, std::filesystem::path path,
                                            const unix_socket_options& who, std::chrono::nanoseconds timeout,
                                            callback done);
    /// Gives up; `done` is not called any more.
    void cancel() noexcept;

    unix_dial(io_loop& io, std::filesystem::path path, bool same_user, callback done);

private:
    void attempt();
    void finish(unix_result<std::unique_ptr<stream>> outcome);

    io_loop& io_;
    std::filesystem::path path_;
    bool same_user_;
    callback done_;  // empty once called or cancelled
    timer pause_;
    std::chrono::steady_clock::time_point until_{};
};

/// A listening Unix socket; its file goes when it is closed.
class unix_listener final : public listening_socket {
public:
    /// Whom `start` does not let in, for a log.
    using refusal = std::function<void(const std::string& text)>;

    /// Binds and listens. A socket at which nobody listens any more is replaced. Codes: node_name_taken
    /// (somebody listens there), bad_option (the path is too long, or something else than a socket is there),
    /// the system's. Blocks on the file system, and up to two seconds for others who start in that directory.
    /// Any thread.
    static unix_result<std::unique_ptr<unix_listener>> open(io_loop& io, std::filesystem::path path,
                                                            const unix_socket_options& how, refusal refused);

    void start(callback accepted, std::function<void(error_code)> failed) override;
    void close() noexcept override;
    [[nodiscard]] std::string address() const override;
    [[nodiscard]] std::uint16_t port() const noexcept override { return 0; }

    ~unix_listener() override;
    struct state;
    explicit unix_listener(std::shared_ptr<state> s);

private:
    std::shared_ptr<state> state_;
};

}  // namespace rakka::transport
