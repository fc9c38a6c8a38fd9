#include "exposition.hpp"
#include "web_session.hpp"

#include <rakka/actors/exit_reason.hpp>
#include <rakka/actors/layers.hpp>
#include <rakka/actors/own_threads.hpp>
#include <rakka/actors/system.hpp>
#include <rakka/metrics_http/server.hpp>
#include <rakka/otp/readiness.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace rakka {

namespace net = boost::asio;
using net::ip::tcp;
using namespace detail;

namespace {

constexpr auto pause_after_failed_accept = std::chrono::milliseconds(100);

/// All that the server's thread does. Kept by the server, and by a readiness poll that is under way for the
/// moment in which it tells.
class web_server : public std::enable_shared_from_this<web_server> {
public:
    web_server(system& s, metrics_server_options options) : system_(s), options_(std::move(options)) {}

    void listen(const tcp::endpoint& where) {
        acceptor_.open(where.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        acceptor_.bind(where);
        acceptor_.listen();
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// What is thrown ends what it was thrown in, never the server: not even memory that is not there.
    void run() noexcept {
        for (bool over = false; !over;) {
            try {
                if (!accepting_ && acceptor_.is_open()) accept();
                io_.run();
                over = true;
            } catch (...) {
                report_exception();
                if (!accepting_) std::this_thread::sleep_for(pause_after_failed_accept);
            }
        }
    }
    /// Any thread.
    void stop() {
        net::post(io_, [this] {
            boost::system::error_code ignored;
            acceptor_.close(ignored);
            for (const auto& s : sessions_)
                s->close();
            io_.stop();
        });
    }

private:
    using continuation = std::function<void(web_answer)>;
    struct waiting_for_readiness {
        waiting_for_readiness(net::steady_timer t, continuation then)
            : limit(std::move(t)), answer(std::move(then)) {}
        net::steady_timer limit;
        continuation answer;
    };

    void accept() {
        acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
            accepting_ = false;
            if (!acceptor_.is_open()) return;
            if (error) return accept_later();
            accept();
            take_in(std::move(socket));
        });
        accepting_ = true;
    }

    /// No file is left, for one; those that are closed soon make room.
    void accept_later() {
        pause_.expires_after(pause_after_failed_accept);
        pause_.async_wait([this](boost::system::error_code e) {
            accepting_ = false;
            if (!e) accept();
        });
        accepting_ = true;
    }

    void report_exception() noexcept {
        try {
            report(system_, log_level::error,
                   "the web server of metrics goes on after " +
                       exit_reason_of(std::current_exception()).to_string());
        } catch (...) {
            // no memory for that either
        }
    }

    void take_in(tcp::socket socket) {
        if (sessions_.size() >= options_.max_connections && !make_room()) return;  // closes it
        boost::system::error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        const web_limits limits{options_.max_request_size, options_.request_timeout,
                                options_.response_timeout};
        sessions_.push_back(std::make_shared<web_session>(
            std::move(socket), limits,
            [this](const web_request& r, continuation then) { answer(r, std::move(then)); },
            [this](web_session& over) { forget(over); }));
        sessions_.back()->start();
    }

    /// Whoever holds connections without asking for anything loses them to those that come; first of all who
    /// has had its last answer.
    bool make_room() {
        const auto first =
            std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
                return std::pair(a->now(), a->since()) < std::pair(b->now(), b->since());
            });
        if (first == sessions_.end() || (*first)->now() == web_session::stage::answering) return false;
        (*first)->close();
        sessions_.erase(first);
        return true;
    }

    void forget(web_session& over) {
        std::erase_if(sessions_, [&](const auto& s) { return s.get() == &over; });
    }

    void answer(const web_request& request, const continuation& then) {
        web_answer out;
        try {
            if (request.path == "/readyz" && request.is_get) return ask_for_readiness(then);
            out = answer_at_once(request);
        } catch (...) {
            out = failure();
        }
        then(std::move(out));
    }

    /// For an exception that is being handled.
    web_answer failure() {
        report_exception();
        web_answer out;
        out.status = 500;
        out.body = "this has failed\n";
        return out;
    }

    web_answer answer_at_once(const web_request& request) {
        web_answer out;
        if (request.path != "/metrics" && request.path != "/healthz" && request.path != "/readyz") {
            out.status = 404;
            out.body = "/metrics, /healthz and /readyz are here\n";
        } else if (!request.is_get) {
            out.status = 405;
            out.body = "only GET and HEAD\n";
        } else if (request.path == "/healthz") {
            const bool runs = system_.running();
            out.status = runs ? 200 : 503;
            out.body = runs ? "ok\n" : "stopped\n";
        } else {
            out.content_type = "text/plain; version=0.0.4; charset=utf-8";
            out.body = metrics_text(system_, options_.more);
        }
        return out;
    }

    /// One poll at a time, however many ask: who comes while it is under way gets its result.
    void ask_for_readiness(const continuation& then) {
        const std::uint64_t number = ++asked_;
        try {
            auto& limit =
                waiting_.try_emplace(number, net::steady_timer(io_, options_.readiness_timeout), then)
                    .first->second.limit;
            limit.async_wait([this, number](boost::system::error_code e) {
                if (!e) answer_readiness(number);  // or it has been answered meanwhile
            });
            if (poll_ && !poll_->complete()) return;
            poll_ = ask_readiness(system_, [weak = weak_from_this()]() noexcept { tell_of_readiness(weak); });
        } catch (...) {
            waiting_.erase(number);  // answered as a failure
            throw;
        }
    }

    /// On any thread. Where there is no memory, those who wait are answered when their time is over.
    static void tell_of_readiness(const std::weak_ptr<web_server>& weak) noexcept {
        const auto self = weak.lock();
        if (!self) return;
        try {
            net::post(self->io_, [weak] {  // which must not keep the event loop that it is in
                if (const auto still = weak.lock()) still->answer_all_readiness();
            });
        } catch (...) {
            self->report_exception();
        }
    }

    void answer_all_readiness() {
        if (!poll_ || !poll_->complete()) return;  // a later one is under way
        while (!waiting_.empty())
            answer_readiness(waiting_.begin()->first);
    }

    void answer_readiness(std::uint64_t number) {
        const auto who = waiting_.extract(number);
        if (!who) return;
        web_answer out;
        try {
            const readiness r = poll_->result();
            out.status = r.ready ? 200 : 503;
            out.body = r.to_string();
        } catch (...) {
            out = failure();
        }
        who.mapped().answer(std::move(out));
    }

    system& system_;
    const metrics_server_options options_;
    net::io_context io_{1};
    tcp::acceptor acceptor_{io_};
    net::steady_timer pause_{io_};
    bool accepting_ = false;  // or going to, after a pause
    std::list<std::shared_ptr<web_session>> sessions_;
    std::map<std::uint64_t, waiting_for_readiness> waiting_;
    std::uint64_t asked_ = 0;
    std::shared_ptr<const readiness_poll> poll_;
};

}  // namespace

class metrics_server::running {
public:
    explicit running(std::shared_ptr<web_server> server)
        : server_(std::move(server)), port_(server_->port()) {
        const own_threads ours;
        thread_ = std::thread([s = server_.get()] { s->run(); });
    }
    ~running() { stop(); }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

    /// Whoever comes second waits as well.
    void stop() {
        const std::lock_guard lock(mutex_);
        if (!thread_.joinable()) return;
        server_->stop();
        thread_.join();
        server_.reset();
    }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    std::mutex mutex_;
    std::shared_ptr<web_server> server_;  // guarded by mutex_
    const std::uint16_t port_;
    std::thread thread_;  // guarded by mutex_
};

void throw_exception_from_error(const metrics_server_error& e, const boost::source_location& where) {
    boost::throw_exception(boost::system::system_error(e.code, e.message), where);
}

boost::system::result<metrics_server, metrics_server_error> metrics_server::start(
    system& s, metrics_server_options options) {
    const std::string place = fmt::format("{} port {}", options.address, options.port);
    boost::system::error_code wrong;
    const auto address = net::ip::make_address(options.address, wrong);
    if (wrong) {
        return metrics_server_error{
            boost::system::errc::make_error_code(boost::system::errc::invalid_argument),
            fmt::format("{} is not an IP address", options.address)};
    }
    const std::uint16_t port = options.port;
    try {
        const auto server = std::make_shared<web_server>(s, std::move(options));
        server->listen({address, port});
        return metrics_server(std::make_unique<running>(server));
    } catch (const boost::system::system_error& e) {
        return metrics_server_error{e.code(),
                                    fmt::format("cannot listen at {}: {}", place, e.code().message())};
    }
}

metrics_server::metrics_server(std::unique_ptr<running> r) noexcept : running_(std::move(r)) {}
metrics_server::metrics_server(metrics_server&&) noexcept = default;
metrics_server& metrics_server::operator=(metrics_server&&) noexcept = default;
metrics_server::~metrics_server() = default;

void metrics_server::stop() {
    running_->stop();
}

std::uint16_t metrics_server::port() const noexcept {
    return running_->port();
}

}  // namespace rakka
