#include "relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <utility>

namespace rakka::interop {

namespace asio = boost::asio;
using asio::ip::tcp;
using error = boost::system::error_code;

/// One connection: two sockets, each read into a buffer that is written to the other.
class relay::link : public std::enable_shared_from_this<link> {
public:
    link(tcp::socket from, asio::io_context& io) : sockets_{std::move(from), tcp::socket(io)} {}

    void connect(std::uint16_t port) {
        if (held_) {
            target_ = port;  // later
            return;
        }
        if (port == 0) return close();
        sockets_[1].async_connect({asio::ip::address_v4::loopback(), port},
                                  [self = shared_from_this()](const error& e) {
                                      if (e) return self->close();
                                      self->read(0);
                                      self->read(1);
                                  });
    }
    void hold() { held_ = true; }
    void release() {
        held_ = false;
        if (const auto port = std::exchange(target_, 0)) return connect(port);
        for (const std::size_t i : {0U, 1U})
            if (const std::size_t n = std::exchange(waiting_[i], 0)) write(i, n);
    }
    void close() {
        error ignored;
        for (tcp::socket& s : sockets_)
            s.close(ignored);
    }

private:
    void read(std::size_t i) {
        sockets_[i].async_read_some(asio::buffer(buffers_[i]),
                                    [self = shared_from_this(), i](const error& e, std::size_t n) {
                                        if (e) return self->close();
                                        if (self->held_) {
                                            self->waiting_[i] = n;
                                        } else {
                                            self->write(i, n);
                                        }
                                    });
    }
    void write(std::size_t i, std::size_t n) {
        asio::async_write(sockets_[1 - i], asio::buffer(buffers_[i], n),
                          [self = shared_from_this(), i](const error& e, std::size_t) {
                              if (e) return self->close();
                              self->read(i);
                          });
    }

    std::array<tcp::socket, 2> sockets_;
    std::array<std::array<std::byte, 65536>, 2> buffers_{};
    std::array<std::size_t, 2> waiting_{};  // bytes read and not written, while held
    std::uint16_t target_ = 0;              // to be connected to, while held
    bool held_ = false;
};

relay::relay(asio::io_context& io)
    : io_(io),
      listener_(io, {asio::ip::address_v4::loopback(), 0}),
      port_(listener_.local_endpoint().port()) {
    accept();
}
relay::~relay() = default;

void relay::accept() {
    listener_.async_accept([this](const error& e, tcp::socket from) {
        if (e == asio::error::operation_aborted) return;
        if (!e && way_ != way::cut) {
            const auto l = std::make_shared<link>(std::move(from), io_);
            std::erase_if(links_, [](const auto& old) { return old.expired(); });
            links_.push_back(l);
            if (way_ == way::held) {
                l->hold();
                held_links_.push_back(l);
            }
            l->connect(target_);
        }
        accept();
    });
}

void relay::set(way w) {
    way_ = w;
    for (const auto& weak : links_) {
        const auto l = weak.lock();
        if (!l) continue;
        if (w == way::cut) l->close();
        if (w == way::held) l->hold();
        if (w == way::open) l->release();
    }
    held_links_.clear();
}

}  // namespace rakka::interop
