#include "wire/message_reader.hpp"

#include <rakka/etf/tags.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace rakka::wire {
namespace {

bool reason_in_tuple(const control_operation& o) noexcept {
    return std::find(o.fields.begin(), o.fields.end(), control_field::reason) != o.fields.end();
}

header_mode mode_of(distribution_flags effective) noexcept {
    return {effective.has(distribution_flag::dist_hdr_atom_cache),
            effective.has(distribution_flag::fragments)};
}

}  // namespace

bool inbound_message::has_payload() const noexcept {
    return operation_->has_payload || reason_in_tuple(*operation_);
}

wire_result<term> inbound_message::payload() const {
    if (!operation_->has_payload) return control_->reason;
    etf::decode_options options = *terms_;
    options.cached_atoms = atoms_;
    options.buffer = buffer_;
    if (buffer_ && retention_ != 0)
        options.min_slice = std::max(options.min_slice, buffer_->size() / retention_);
    auto decoded = etf::decode(bytes_, options);
    if (!decoded) {
        return bad_frame(std::string(operation_->name) + ": the payload of " + std::to_string(bytes_.size()) +
                         " bytes is not a term (" + make_error_code(decoded.error().code).message() +
                         ", at byte " + std::to_string(decoded.error().offset) + ')');
    }
    return std::move(decoded->term);
}

message_reader::message_reader(const reader_options& options)
    : mode_(mode_of(options.effective)),
      retention_(options.max_slice_retention),
      own_budget_(options.max_new_atoms),
      frames_(options.frames),
      fragments_(options.fragments) {
    context_.peer = options.peer;
    etf::decode_options& terms = context_.terms;
    terms.envelope = mode_.any() ? etf::envelope::distribution : etf::envelope::standalone;
    terms.limits = options.terms;
    terms.new_atoms = options.new_atoms ? options.new_atoms : &own_budget_;
    terms.own = options.own;
    terms.origin = options.origin;
}

wire_result<message_reader::event> message_reader::fail(wire_error e) {
    failed_ = std::make_unique<wire_error>(std::move(e));
    return *failed_;
}

wire_result<message_reader::event> message_reader::next(inbound_message& out) {
    if (failed_) return *failed_;
    if (assembled_.buffer) assembled_ = {};
    frame f;
    for (;;) {
        const auto status = frames_.next(f);
        if (!status) return fail(status.error());
        if (*status == frame_reader::status::need_bytes) return event::need_bytes;
        if (f.is_tick()) return event::tick;
        auto read = mode_.any() ? read_frame(f, out) : read_pass_through(f, out);
        if (!read) return fail(read.error());
        if (*read != event::need_bytes) return read;
    }
}

void message_reader::set_message(inbound_message& out, control_message& control,
                                 const control_operation& operation, byte_span payload,
                                 etf::shared_buffer* buffer, const atom_table& atoms) const noexcept {
    out.control_ = &control;
    out.operation_ = &operation;
    out.bytes_ = operation.has_payload ? payload : byte_span();
    out.buffer_ = buffer;
    out.terms_ = &context_.terms;
    out.atoms_ = atoms.words();
    out.retention_ = retention_;
}

wire_result<message_reader::event> message_reader::read_pass_through(const frame& f, inbound_message& out) {
    const auto first = std::to_integer<unsigned>(f.body[0]);
    if (first != pass_through_tag) {
        return bad_frame("a frame that begins with " + std::to_string(first) +
                         " instead of 112: no distribution header was negotiated");
    }
    if (f.body.size() < 2 || std::to_integer<std::uint8_t>(f.body[1]) != etf::version_magic)
        return bad_frame("a control message without version byte 131");
    const byte_span rest = f.body.subspan(2);
    const auto control = decode_control(rest, context_, control_);
    if (!control) return control.error();
    set_message(out, control_, *control->operation, rest.subspan(control->bytes_used), f.buffer, atoms_);
    return event::message;
}

wire_result<message_reader::event> message_reader::read_frame(const frame& f, inbound_message& out) {
    const auto header = read_header(f.body, mode_, cache_, *context_.terms.new_atoms, atoms_);
    if (!header) return header.error();
    const byte_span rest = f.body.subspan(header->size);
    if (header->tag == header_tag::next_fragment) return read_next_fragment(*header, rest, out);
    context_.terms.cached_atoms = atoms_.words();
    if (header->tag == header_tag::first_fragment && header->fragment > 1)
        return read_first_fragment(*header, rest, out);
    const auto control = decode_control(rest, context_, control_);
    if (!control) return control.error();
    set_message(out, control_, *control->operation, rest.subspan(control->bytes_used), f.buffer, atoms_);
    return event::message;
}

wire_result<message_reader::event> message_reader::read_first_fragment(const dist_header& header,
                                                                       byte_span rest, inbound_message&) {
    fragmented_message message;
    const auto control = decode_control(rest, context_, message.control);
    if (!control) return control.error();
    if (!control->operation->has_payload)
        return bad_frame(std::string(control->operation->name) + " in fragments, but it has no payload");
    message.operation = control->operation;
    message.atoms = atoms_;
    auto begun =
        fragments_.begin(header, std::move(message), rest.subspan(control->bytes_used), control->bytes_used);
    if (!begun) return begun.error();
    return event::need_bytes;
}

wire_result<message_reader::event> message_reader::read_next_fragment(const dist_header& header,
                                                                      byte_span rest, inbound_message& out) {
    const auto complete = fragments_.add(header, rest, assembled_);
    if (!complete) return complete.error();
    if (!*complete) return event::need_bytes;
    set_message(out, assembled_.control, *assembled_.operation, assembled_.payload(), assembled_.buffer.get(),
                assembled_.atoms);
    return event::message;
}

}  // namespace rakka::wire
