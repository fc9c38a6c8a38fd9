#include "wire/message_encoder.hpp"

#include "wire/control_codec.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/errc.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace rakka::wire {
namespace {

constexpr std::size_t length_size = 4;
constexpr std::size_t max_body =
    (std::size_t{1} << 31) - 1 - length_size;  // the BEAM's packet parser takes no more
constexpr std::size_t header_without_atoms = 3;

std::size_t external_bytes(const etf::byte_buffer& b, std::size_t first_piece) noexcept {
    std::size_t sum = 0;
    for (const auto& p : b.pieces().subspan(first_piece))
        sum += p.bytes.size();
    return sum;
}

void append_blank(etf::byte_buffer& out, std::size_t size) {
    out.commit(out.prepare(size) + size);
}

}  // namespace

/// Where the parts of the frame at the end of `out` are: length field, room for the prefix, control tuple,
/// payload.
struct message_encoder::draft {
    etf::byte_buffer& out;
    std::size_t start;
    std::size_t first_piece;
    std::size_t room = 0;
    std::size_t payload_at = 0;

    std::size_t control_at() const noexcept { return start + length_size + room; }
    std::size_t payload_size() const noexcept {
        return out.size() - payload_at + external_bytes(out, first_piece);
    }
    std::size_t body_size() const noexcept {
        return out.size() - start - length_size + external_bytes(out, first_piece);
    }
    /// Makes the room for the prefix `size` bytes; what follows moves.
    void fit(std::size_t size);
};

void message_encoder::draft::fit(std::size_t size) {
    if (size == room) return;
    const std::size_t at = control_at();
    const std::size_t moved = out.size() - at;
    if (out.pieces().size() == first_piece) {
        if (size > room) append_blank(out, size - room);
        std::byte* const to = out.data() + start + length_size + size;
        std::memmove(to, out.data() + at, moved);
        out.commit(to + moved);
    } else {
        // Positions of pieces cannot be changed: take the part behind the prefix off and put it on again.
        etf::byte_buffer behind;
        behind.append(out.bytes().subspan(at));
        std::vector<std::pair<buffer_ref, etf::byte_buffer::piece>> pieces;
        for (const auto& p : out.pieces().subspan(first_piece))
            pieces.emplace_back(p.buffer, p);
        out.truncate(at - room, first_piece);
        append_blank(out, size);
        std::size_t from = 0;
        for (const auto& [keep, p] : pieces) {
            out.append(behind.bytes().subspan(from, p.position - at - from));
            out.append_piece(p.buffer, p.bytes);
            from = p.position - at;
        }
        out.append(behind.bytes().subspan(from));
    }
    payload_at = payload_at - room + size;
    room = size;
}

message_encoder::message_encoder(const encoder_options& options) noexcept
    : options_{options.effective, std::max<std::size_t>(options.fragment_size, 1), options.atom_cache,
               options.max_payload},
      mode_{options.effective.has(distribution_flag::dist_hdr_atom_cache),
            options.effective.has(distribution_flag::fragments)},
      cached_(mode_.atom_cache && options.atom_cache) {}

void message_encoder::append_tick(etf::byte_buffer& out) {
    std::byte* const to = out.prepare(length_size);
    std::memset(to, 0, length_size);
    out.commit(to + length_size);
}

/// The control tuple, behind room for what comes before it. `terms` becomes what the payload is encoded with.
result<void> message_encoder::encode_control_part(draft& d, const control_message& m, control_op op,
                                                  term_view payload, etf::encode_options& terms) {
    terms.version = !mode_.any();
    if (cached_) {
        atoms_.clear();
        terms.atoms = &atoms_;
    }
    d.room = !mode_.any() ? 2 : cached_ ? expected_prefix_ : header_without_atoms;
    append_blank(d.out, length_size + d.room);
    if (auto done = encode_control(d.out, m, op, payload, terms); !done) return done;
    d.payload_at = d.out.size();
    return {};
}

result<void> message_encoder::encode_terms(draft& d, const control_message& m, control_op op,
                                           term_view payload) {
    etf::encode_options terms;
    if (auto done = encode_control_part(d, m, op, payload, terms); !done) return done;
    if (find_operation(static_cast<std::uint64_t>(op))->has_payload)
        return etf::encode_to(d.out, payload, terms);
    return {};
}

/// The bytes between the length field and the control tuple, into prefix_.
void message_encoder::write_prefix(std::uint64_t sequence, std::uint64_t fragments) {
    if (!mode_.any()) {
        prefix_ = {std::byte{pass_through_tag}, std::byte{131}};
        return;
    }
    const std::span<const atom> atoms = cached_ ? atoms_.atoms() : std::span<const atom>();
    prefix_.resize(max_header_size(atoms));
    std::byte* const end = write_header(prefix_.data(), atoms, cache_, sequence, fragments);
    prefix_.resize(static_cast<std::size_t>(end - prefix_.data()));
    if (cached_ && fragments < 2) expected_prefix_ = prefix_.size();
}

void message_encoder::finish_frame(draft& d, std::uint64_t sequence, std::uint64_t fragments) {
    write_prefix(sequence, fragments);
    d.fit(prefix_.size());
    std::memcpy(d.out.data() + d.start + length_size, prefix_.data(), prefix_.size());
}

bool message_encoder::fits(std::size_t body) const noexcept {
    return body <= max_body - max_header_size(atoms_.atoms());
}

/// All fragments of a payload, which is not in it yet.
std::unique_ptr<outgoing_fragments> message_encoder::make_fragments(std::size_t payload_size) {
    auto all = std::make_unique<outgoing_fragments>();
    all->remaining_ = payload_size;
    all->fragment_size_ = options_.fragment_size;
    all->sequence_ = next_sequence_++;
    all->fragment_ = (payload_size + options_.fragment_size - 1) / options_.fragment_size;
    return all;
}

/// Takes the payload off the end of the draft, to be sent in fragments. What was encoded is not copied if the
/// larger part of the buffer is this payload: the buffer is then given away and what was before the payload
/// starts a new one.
std::unique_ptr<outgoing_fragments> message_encoder::detach_payload(draft& d) {
    auto rest = make_fragments(d.payload_size());
    etf::byte_buffer& out = d.out;
    const std::size_t size = out.size() - d.payload_at;
    if (out.pieces().empty() && d.payload_at <= size) {
        const auto [storage, used] = out.release();
        rest->parts_.push_back({buffer_ref(storage, false), {storage->data() + d.payload_at, size}});
        out.append(byte_span(storage->data(), d.payload_at));
        return rest;
    }
    const buffer_ref copy = make_buffer(size);
    if (size > 0) std::memcpy(copy->data(), out.data() + d.payload_at, size);
    std::size_t from = 0;
    const auto add_copied = [&](std::size_t to) {
        if (to > from) rest->parts_.push_back({copy, {copy->data() + from, to - from}});
        from = to;
    };
    for (const auto& p : out.pieces().subspan(d.first_piece)) {
        add_copied(p.position - d.payload_at);
        rest->parts_.push_back({p.buffer, p.bytes});
    }
    add_copied(size);
    out.truncate(d.payload_at, d.first_piece);
    return rest;
}

/// Completes a draft that ends with its control tuple by the first fragment.
void message_encoder::finish_large(draft& d, outgoing_fragments& rest) {
    finish_frame(d, rest.sequence_, rest.fragment_);
    rest.append_payload(d.out, options_.fragment_size);
    --rest.fragment_;
}

result<encoded_message> message_encoder::append(etf::byte_buffer& out, const control_message& m,
                                                term_view payload) {
    const auto op = choose_operation(m, options_.effective);
    if (!op) return encoded_message{};
    draft d{out, out.size(), out.pieces().size()};
    if (auto done = encode_terms(d, m, *op, payload); !done) {
        out.truncate(d.start, d.first_piece);
        return done.error();
    }
    encoded_message encoded{true, nullptr};
    const bool large = mode_.fragments && d.payload_size() > options_.fragment_size;
    if (d.payload_size() > options_.max_payload || !fits(large ? d.payload_at - d.start : d.body_size())) {
        out.truncate(d.start, d.first_piece);
        return etf::errc::too_large;
    }
    if (large) {
        encoded.rest = detach_payload(d);
        finish_large(d, *encoded.rest);
    } else {
        finish_frame(d, 0, 0);
    }
    store_big_endian(out.data() + d.start, d.body_size(), length_size);
    return encoded;
}

std::unique_ptr<encoded_payload> message_encoder::encode_ahead(const control_message& m, term_view payload,
                                                               std::size_t gather_from) const {
    const auto op = choose_operation(m, options_.effective);
    if (!op || !find_operation(static_cast<std::uint64_t>(*op))->has_payload) return nullptr;
    etf::byte_buffer bytes;
    bytes.gather_from(gather_from);
    etf::encode_options terms;
    terms.version = !mode_.any();
    if (!etf::encode_to(bytes, payload, terms)) return nullptr;
    auto done = std::make_unique<encoded_payload>();
    done->size = bytes.total_size();
    struct external {
        std::size_t position;
        buffer_part part;
    };
    std::vector<external> externals;
    for (const auto& p : bytes.pieces())
        externals.push_back({p.position, {p.buffer, p.bytes}});
    bytes.truncate(bytes.size());
    const auto [storage, used] = bytes.release();
    const buffer_ref own(storage, false);
    std::size_t from = 0;
    const auto add_own = [&, end = used](std::size_t to) {
        if (std::min(to, end) > from) done->parts.push_back({own, {own->data() + from, to - from}});
        from = to;
    };
    for (auto& e : externals) {
        add_own(e.position);
        done->parts.push_back(std::move(e.part));
    }
    add_own(used);
    return done;
}

result<encoded_message> message_encoder::append(etf::byte_buffer& out, const control_message& m,
                                                encoded_payload payload) {
    const auto op = choose_operation(m, options_.effective);
    RAKKA_CHECK(op);
    draft d{out, out.size(), out.pieces().size()};
    etf::encode_options terms;
    auto done = encode_control_part(d, m, *op, {}, terms);
    const bool large = mode_.fragments && payload.size > options_.fragment_size;
    if (done && (payload.size > options_.max_payload || !fits(d.body_size() + (large ? 0 : payload.size))))
        done = error_code(etf::errc::too_large);
    if (!done) {
        out.truncate(d.start, d.first_piece);
        return done.error();
    }
    auto all = make_fragments(payload.size);
    all->parts_ = std::move(payload.parts);
    encoded_message encoded{true, nullptr};
    if (large) {
        finish_large(d, *all);
        encoded.rest = std::move(all);
    } else {
        finish_frame(d, 0, 0);
        all->append_payload(out, payload.size);
    }
    store_big_endian(out.data() + d.start, d.body_size(), length_size);
    return encoded;
}

void outgoing_fragments::append_payload(etf::byte_buffer& out, std::size_t size) {
    while (size > 0 && remaining_ > 0) {
        buffer_part& s = parts_[next_part_];
        const std::size_t n = std::min(size, s.bytes.size());
        if (out.gather_threshold() != SIZE_MAX) {
            out.append_piece(s.buffer.get(), s.bytes.first(n));
        } else {
            out.append(s.bytes.first(n));
        }
        s.bytes = s.bytes.subspan(n);
        size -= n;
        remaining_ -= n;
        if (s.bytes.empty()) parts_[next_part_++].buffer = nullptr;
    }
}

void outgoing_fragments::append_next(etf::byte_buffer& out) {
    RAKKA_CHECK(!done());
    const std::size_t size = std::min(remaining_, fragment_size_);
    std::byte* const to = out.prepare(length_size + fragment_header_size);
    store_big_endian(to, fragment_header_size + size, length_size);
    out.commit(write_fragment_header(to + length_size, sequence_, fragment_));
    append_payload(out, size);
    --fragment_;
}

}  // namespace rakka::wire
