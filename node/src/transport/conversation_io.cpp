#include "transport/conversation_io.hpp"

#include <sys/uio.h>
#include <utility>

namespace rakka::transport {

void conversation_io::read(std::shared_ptr<stream_user> self) {
    stream_->read_some(in_, std::move(self));
}

std::optional<io_outcome> conversation_io::write(bytes data, std::shared_ptr<stream_user> self) {
    out_ = std::move(data);
    written_ = 0;
    auto outcome = write_on();
    if (!outcome) {
        writer_ = self;
        stream_->wait_writable(std::move(self));
    }
    return outcome;
}

/// Nothing: the stream has to become writable first.
std::optional<io_outcome> conversation_io::write_on() {
    while (written_ < out_.size()) {
        const iovec part{out_.data() + written_, out_.size() - written_};
        const auto n = stream_->try_write(std::span(&part, 1));
        if (!n) return broken(n.error());
        if (*n == 0) return std::nullopt;
        written_ += *n;
    }
    return io_outcome{io_outcome::kind::written};
}

io_outcome conversation_io::broken(error_code e) const {
    return {io_outcome::kind::closed, {}, stream_->explain(e), e};
}

void conversation_io::close() noexcept {
    if (stream_) stream_->close_both();
    stream_ = nullptr;
    writer_.reset();
}

void conversation_io::on_read(error_code error, std::size_t size) {
    if (!stream_) return;
    if (error) return on_outcome(broken(error));
    on_outcome(
        {io_outcome::kind::received, byte_view(reinterpret_cast<const std::uint8_t*>(in_.data()), size)});
}

void conversation_io::on_writable(error_code error) {
    auto self = std::exchange(writer_, {}).lock();
    if (!stream_ || !self) return;
    if (error) return on_outcome(broken(error));
    if (const auto outcome = write_on()) return on_outcome(*outcome);
    writer_ = self;
    stream_->wait_writable(std::move(self));
}

}  // namespace rakka::transport
