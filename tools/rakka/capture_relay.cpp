#include "capture_relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

namespace rakka::tools {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using capture::happening;
using capture::side;
using error = boost::system::error_code;

std::string text_of(const tcp::endpoint& e) {
    return fmt::format("{}:{}", e.address().to_string(), e.port());
}

/// One connection: what each side sends is read, told, and passed on before more is read.
class link : public std::enable_shared_from_this<link> {
public:
    link(tcp::socket dialler, std::uint32_t number, std::chrono::steady_clock::time_point began,
         capture_relay::on_happening told)
        : sockets_{std::move(dialler), tcp::socket(dialler.get_executor())},
          number_(number),
          began_(began),
          told_(std::move(told)) {}

    void start(const tcp::endpoint& target) {
        error ignored;
        const std::string from = text_of(of(side::dialler).remote_endpoint(ignored));
        tell(happening::kind::opened, side::dialler, {}, from + " to " + text_of(target));
        of(side::acceptor).async_connect(target, [self = shared_from_this()](const error& e) {
            if (e) return self->end(side::acceptor, e);
            error no_matter;
            for (tcp::socket& s : self->sockets_)
                s.set_option(tcp::no_delay(true), no_matter);
            self->read(side::dialler);
            self->read(side::acceptor);
        });
    }

private:
    tcp::socket& of(side s) { return sockets_[static_cast<std::size_t>(s)]; }
    tcp::socket& other(side s) { return sockets_[1 - static_cast<std::size_t>(s)]; }
    std::array<std::byte, 65536>& buffer(side s) { return buffers_[static_cast<std::size_t>(s)]; }

    void tell(happening::kind what, side from, std::vector<std::byte> data, std::string text) {
        told_({.what = what,
               .from = from,
               .connection = number_,
               .at = std::chrono::steady_clock::now() - began_,
               .data = std::move(data),
               .text = std::move(text)});
    }

    void read(side from) {
        of(from).async_read_some(asio::buffer(buffer(from)),
                                 [self = shared_from_this(), from](const error& e, std::size_t n) {
                                     if (e) return self->end(from, e);
                                     const std::byte* const begin = self->buffer(from).data();
                                     self->tell(happening::kind::bytes, from, {begin, begin + n}, {});
                                     self->pass_on(from, n);
                                 });
    }

    void pass_on(side from, std::size_t n) {
        asio::async_write(other(from), asio::buffer(buffer(from), n),
                          [self = shared_from_this(), from](const error& e, std::size_t) {
                              if (e)
                                  return self->end(from == side::dialler ? side::acceptor : side::dialler, e);
                              self->read(from);
                          });
    }

    /// Nodes never close one direction alone: both go.
    void end(side from, const error& why) {
        if (std::exchange(ended_, true)) return;
        tell(happening::kind::closed, from, {}, why == asio::error::eof ? "closed" : why.message());
        error ignored;
        for (tcp::socket& s : sockets_)
            s.close(ignored);
    }

    std::array<tcp::socket, 2> sockets_;
    std::array<std::array<std::byte, 65536>, 2> buffers_{};
    std::uint32_t number_;
    std::chrono::steady_clock::time_point began_;
    capture_relay::on_happening told_;
    bool ended_ = false;
};

}  // namespace

capture_relay::capture_relay(asio::io_context& io, const tcp::endpoint& listen, tcp::endpoint target,
                             on_happening told)
    : io_(io), listener_(io, listen), target_(std::move(target)), told_(std::move(told)) {
    accept();
}

void capture_relay::accept() {
    listener_.async_accept([this](const error& e, tcp::socket dialler) {
        if (e == asio::error::operation_aborted) return;
        if (!e) connect(std::move(dialler));
        accept();
    });
}

void capture_relay::connect(tcp::socket dialler) {
    std::make_shared<link>(std::move(dialler), ++connections_, began_, told_)->start(target_);
}

}  // namespace rakka::tools
