// The TLS half of setting a connection up, within a time limit.
#pragma once

#include "transport/io_loop.hpp"
#include "transport/stream.hpp"
#include "transport/tls_stream.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace rakka::detail {

/// I/O thread. Ends by calling back, once, never from within start(), unless drop() comes first.
class tls_opening : public std::enable_shared_from_this<tls_opening> {
public:
    using outcome = boost::system::result<std::unique_ptr<transport::stream>, transport::tls_failure>;
    using callback = std::function<void(outcome)>;

    static std::shared_ptr<tls_opening> start(transport::io_loop& io, std::unique_ptr<transport::stream> s,
                                              transport::tls_session session, std::chrono::nanoseconds limit,
                                              callback done);
    /// Gives up without a word to the owner.
    void drop() noexcept;

    [[nodiscard]] const std::string& peer_address() const noexcept { return address_; }
    /// Why it takes so long.
    [[nodiscard]] transport::tls_failure too_slow() const;

    tls_opening(transport::io_loop& io, std::unique_ptr<transport::stream> s, transport::tls_session session,
                callback done);

private:
    void shaken(error_code e);
    void end(outcome o);

    const std::string address_;
    const transport::tls_side side_;
    transport::timer deadline_;
    std::unique_ptr<transport::tls_stream> stream_;
    callback done_;
};

}  // namespace rakka::detail
