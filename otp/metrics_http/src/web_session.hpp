// One connection of the web server: reads a request, answers it, reads the next.
#pragma once

#include "web_requests.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace rakka::detail {

struct web_limits {
    std::size_t max_request_size;
    std::chrono::milliseconds request_timeout;
    std::chrono::milliseconds response_timeout;
};

/// All functions: the server's thread. Kept alive by its operations.
class web_session final : public std::enable_shared_from_this<web_session> {
public:
    /// Gives the answer by calling the second argument, then or later; not called: none comes.
    using answerer = std::function<void(web_request, std::function<void(web_answer)>)>;

    web_session(boost::asio::ip::tcp::socket socket, const web_limits& limits, answerer answer,
                std::function<void(web_session&)> over);

    void start();
    void close() noexcept;
    /// What it waits for, those who have the least claim to their connection first.
    enum class stage : std::uint8_t {
        lingering,  ///< the last answer is written, the peer has not closed yet
        waiting,    ///< for a request
        answering,  ///< that must not be broken off
    };
    [[nodiscard]] stage now() const noexcept { return stage_; }
    /// Since when it has been lingering, or waiting.
    [[nodiscard]] std::chrono::steady_clock::time_point since() const noexcept { return since_; }

private:
    template <class F>
    void or_end(F&& f);
    void enter(stage next);
    void read();
    void on_read(boost::system::error_code error);
    void refuse(unsigned status, const char* why);
    void write(web_answer answer, bool keep_alive, bool head_only);
    void on_written(boost::system::error_code error, bool keep_alive);
    void discard();
    void on_discarded(boost::system::error_code error, std::size_t n);

    boost::beast::tcp_stream stream_;
    const web_limits limits_;
    const answerer answer_;
    const std::function<void(web_session&)> over_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
    boost::beast::http::response<boost::beast::http::string_body> response_;
    stage stage_ = stage::waiting;
    std::chrono::steady_clock::time_point since_;
    std::array<char, 1024> discarded_{};
    std::size_t discarded_so_far_ = 0;
};

}  // namespace rakka::detail
