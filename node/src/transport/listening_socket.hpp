// What a node listens with, whatever the kind of socket.
#pragma once

#include "transport/stream.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rakka::transport {

/// I/O thread. Destroying it closes it.
class listening_socket {
public:
    using callback = std::function<void(std::unique_ptr<stream>)>;

    virtual ~listening_socket() = default;

    /// Accepts from now on; `accepted` is called for each connection, `failed` when accepting stops for good.
    virtual void start(callback accepted, std::function<void(error_code)> failed) = 0;
    /// No callback comes after this.
    virtual void close() noexcept = 0;

    /// Where it listens, for a log: "port 4711", or a path.
    [[nodiscard]] virtual std::string address() const = 0;
    /// 0: it has none.
    [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
};

}  // namespace rakka::transport
