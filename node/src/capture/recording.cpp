#include "bytes.hpp"

#include <rakka/node/capture.hpp>
#include <rakka/node/errc.hpp>

#include <algorithm>
#include <istream>
#include <ostream>

namespace rakka::capture {
namespace {

// After the first line, each happening: kind, side, connection (4 bytes), time (8), size (4), its data or
// text.
constexpr std::string_view first_line = "rakka capture 1\n";
constexpr std::size_t header_size = 18;
constexpr std::size_t max_reason = 4096;

bool read_exactly(std::istream& from, std::uint8_t* to, std::size_t size) {
    return static_cast<bool>(from.read(reinterpret_cast<char*>(to), static_cast<std::streamsize>(size)));
}

/// Grows with what is there, not with what is announced.
bool read_exactly(std::istream& from, bytes& to, std::size_t size) {
    constexpr std::size_t step = std::size_t{64} << 10;
    while (to.size() < size) {
        const std::size_t at = to.size();
        to.resize(at + std::min(step, size - at));
        if (!read_exactly(from, to.data() + at, to.size() - at)) return false;
    }
    return true;
}

}  // namespace

recording_writer::recording_writer(std::ostream& to) : to_(to) {
    to_ << first_line;
}

bool recording_writer::add(const happening& h) {
    const std::size_t size = h.what == happening::kind::bytes ? h.data.size() : h.text.size();
    bytes header{static_cast<std::uint8_t>(h.what), static_cast<std::uint8_t>(h.from)};
    detail::put(header, h.connection, 4);
    detail::put(header, static_cast<std::uint64_t>(h.at.count()), 8);
    detail::put(header, size, 4);
    to_.write(reinterpret_cast<const char*>(header.data()), static_cast<std::streamsize>(header.size()));
    const char* const body =
        h.what == happening::kind::bytes ? reinterpret_cast<const char*>(h.data.data()) : h.text.data();
    to_.write(body, static_cast<std::streamsize>(size));
    return static_cast<bool>(to_);
}

result<recording_reader> recording_reader::open(std::istream& from) {
    std::string line(first_line.size(), '\0');
    from.read(line.data(), static_cast<std::streamsize>(line.size()));
    if (!from || line != first_line) return node_errc::bad_recording;
    return recording_reader(from);
}

result<std::optional<happening>> recording_reader::next() {
    bytes header(header_size);
    if (from_->peek() == std::istream::traits_type::eof()) return std::optional<happening>();
    if (!read_exactly(*from_, header.data(), header.size())) return node_errc::bad_recording;
    detail::field_reader r(header);
    happening h;
    const std::uint8_t what = r.take_u8();
    const std::uint8_t from = r.take_u8();
    if (what < 1 || what > 3 || from > 1) return node_errc::bad_recording;
    h.what = static_cast<happening::kind>(what);
    h.from = static_cast<side>(from);
    h.connection = r.take_u32();
    h.at = std::chrono::nanoseconds(static_cast<std::int64_t>(r.take_u64()));
    const std::size_t size = r.take_u32();
    if (size > (h.what == happening::kind::bytes ? max_data : max_reason)) return node_errc::bad_recording;
    bytes body;
    if (!read_exactly(*from_, body, size)) return node_errc::bad_recording;
    if (h.what == happening::kind::bytes) {
        const auto data = std::as_bytes(std::span(body));
        h.data.assign(data.begin(), data.end());
    } else {
        h.text.assign(body.begin(), body.end());
    }
    return std::optional(std::move(h));
}

}  // namespace rakka::capture
