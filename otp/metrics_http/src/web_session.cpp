#include "web_session.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace rakka::detail {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr auto linger_time = std::chrono::seconds(1);
constexpr std::size_t most_discarded = std::size_t{1} << 20;

std::string path_of(beast::string_view target) {
    return std::string(target.substr(0, target.find('?')));
}

}  // namespace

web_session::web_session(boost::asio::ip::tcp::socket socket, const web_limits& limits, answerer answer,
                         std::function<void(web_session&)> over)
    : stream_(std::move(socket)),
      limits_(limits),
      answer_(std::move(answer)),
      over_(std::move(over)),
      buffer_(limits.max_request_size) {}

void web_session::close() noexcept {
    boost::system::error_code ignored;
    stream_.socket().close(ignored);
}

/// An exception leaves the connection without an operation that would end it some day: it ends now. The
/// server hears of it.
template <class F>
void web_session::or_end(F&& f) {
    try {
        f();
    } catch (...) {
        close();
        over_(*this);
        throw;
    }
}

void web_session::start() {
    const auto self = shared_from_this();  // over_ would destroy it
    or_end([this] { read(); });
}

void web_session::enter(stage next) {
    stage_ = next;
    since_ = std::chrono::steady_clock::now();
}

void web_session::read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.max_request_size));
    enter(stage::waiting);
    stream_.expires_after(limits_.request_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](boost::system::error_code e, std::size_t) {
                         self->or_end([&] { self->on_read(e); });
                     });
}

void web_session::on_read(boost::system::error_code error) {
    enter(stage::answering);
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return refuse(431, "the request is too large");
    if (error == http::error::unexpected_body || error == http::error::body_limit)
        return refuse(413, "no request here has a body");
    if (error && error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message)
        return refuse(400, "this is not HTTP");
    if (error) return over_(*this);
    const auto& request = parser_->get();
    const bool keep_alive = request.keep_alive();
    const bool head = request.method() == http::verb::head;
    stream_.expires_never();  // whoever answers has its own limit
    answer_({head || request.method() == http::verb::get, path_of(request.target())},
            [weak = weak_from_this(), keep_alive, head](web_answer a) {
                const auto self = weak.lock();
                if (self) self->or_end([&] { self->write(std::move(a), keep_alive, head); });
            });
}

void web_session::refuse(unsigned status, const char* why) {
    write({status, "text/plain; charset=utf-8", std::string(why) + '\n'}, false, false);
}

void web_session::write(web_answer answer, bool keep_alive, bool head_only) {
    response_ = {};
    response_.version(11);
    response_.result(answer.status);
    response_.set(http::field::content_type, answer.content_type);
    response_.set(http::field::cache_control, "no-store");
    if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(keep_alive);
    response_.content_length(answer.body.size());
    if (!head_only) response_.body() = std::move(answer.body);
    stream_.expires_after(limits_.response_timeout);
    http::async_write(stream_, response_,
                      [self = shared_from_this(), keep_alive](boost::system::error_code e, std::size_t) {
                          self->or_end([&] { self->on_written(e, keep_alive); });
                      });
}

void web_session::on_written(boost::system::error_code error, bool keep_alive) {
    response_ = {};
    if (!error && keep_alive) return read();
    boost::system::error_code ignored;
    stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    if (error) return over_(*this);
    enter(stage::lingering);
    stream_.expires_after(linger_time);
    discard();
}

/// Until the peer closes. A socket that is closed with bytes unread takes the answer back.
void web_session::discard() {
    stream_.async_read_some(boost::asio::buffer(discarded_),
                            [self = shared_from_this()](boost::system::error_code e, std::size_t n) {
                                self->or_end([&] { self->on_discarded(e, n); });
                            });
}

void web_session::on_discarded(boost::system::error_code error, std::size_t n) {
    discarded_so_far_ += n;
    if (error || discarded_so_far_ > most_discarded) return over_(*this);
    discard();
}

}  // namespace rakka::detail
