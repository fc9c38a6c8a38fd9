#include "wire/control_codec.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/tags.hpp>

namespace rakka::wire {
namespace {

using etf::external_tag;

/// Writes elements behind what `out` has.
class element_writer {
public:
    element_writer(etf::byte_buffer& out, const etf::encode_options& options) noexcept
        : out_(out), options_(options) {}

    void tuple(std::size_t arity) {
        tag(external_tag::small_tuple);
        out_.append_byte(static_cast<std::uint8_t>(arity));
    }

    void integer(std::uint64_t value) {
        std::byte* const to = out_.prepare(11);
        if (value < 256) {
            to[0] = static_cast<std::byte>(external_tag::small_integer);
            to[1] = static_cast<std::byte>(value);
            out_.commit(to + 2);
        } else if (value < std::uint64_t{1} << 31) {
            to[0] = static_cast<std::byte>(external_tag::integer);
            store_big_endian(to + 1, value, 4);
            out_.commit(to + 5);
        } else {
            std::size_t size = 0;
            for (std::uint64_t rest = value; rest != 0; rest >>= 8) {
                to[3 + size++] = static_cast<std::byte>(rest & 0xff);
            }
            to[0] = static_cast<std::byte>(external_tag::small_big);
            to[1] = static_cast<std::byte>(size);
            to[2] = std::byte{0};
            out_.commit(to + 3 + size);
        }
    }

    void write_atom(rakka::atom a) {
        if (options_.atoms) {
            if (const auto index = options_.atoms->index_of(a)) {
                tag(external_tag::atom_cache_reference);
                out_.append_byte(*index);
                return;
            }
        }
        const std::string_view text = a.text();
        if (text.size() < 256) {
            tag(external_tag::small_atom_utf8);
            out_.append_byte(static_cast<std::uint8_t>(text.size()));
        } else {
            tag(external_tag::atom_utf8);
            number(text.size(), 2);
        }
        out_.append(text);
    }

    void write_pid(const pid& p) {
        const etf::node_identity node = etf::identity_of(p);
        tag(external_tag::new_pid);
        write_atom(node.name);
        number(p.id, 4);
        number(p.serial, 4);
        number(node.creation, 4);
    }

    void write_reference(const reference& r) {
        const etf::node_identity node = etf::identity_of(r);
        tag(external_tag::newer_reference);
        const std::size_t size = r.size != 0 ? r.size : 3;  // a default one: nobody's, as in terms
        number(size, 2);
        write_atom(node.name);
        number(node.creation, 4);
        for (std::size_t i = 0; i < size; ++i)
            number(r.words[i], 4);
    }

    result<void> write_term(term_view t) { return etf::encode_to(out_, t, options_); }

private:
    void tag(external_tag t) { out_.append_byte(static_cast<std::uint8_t>(t)); }
    void number(std::uint64_t value, std::size_t size) {
        std::byte* const to = out_.prepare(size);
        store_big_endian(to, value, size);
        out_.commit(to + size);
    }

    etf::byte_buffer& out_;
    const etf::encode_options& options_;
};

std::uint64_t action_flags_of(const control_message& m) noexcept {
    std::uint64_t flags = 0;
    if (m.priority) flags |= action_flag::priority;
    if (m.token.has_value()) flags |= action_flag::token;
    if (m.ref) {
        flags |= action_flag::alias;
    } else if (m.name.has_value()) {
        flags |= action_flag::name;
    }
    if (m.kind == control_kind::exit2) flags |= action_flag::exit;
    return flags;
}

result<void> write_destination(element_writer& w, const control_message& m) {
    if (m.ref) {
        w.write_reference(m.ref);
    } else if (m.name.has_value()) {
        return w.write_term(m.name);
    } else {
        w.write_pid(m.to);
    }
    return {};
}

result<void> write_field(element_writer& w, control_field field, const control_message& m, term_view why) {
    using enum control_field;
    switch (field) {
        case none:
            break;
        case unused:
            w.write_atom(atoms::known<"">);
            break;
        case peer_from_or_name:
        case spawn_result:
            if (m.name.has_value()) return w.write_term(m.name);
            w.write_pid(m.from);
            break;
        case peer_from:
        case any_from:
        case leader:
            w.write_pid(m.from);
            break;
        case group_leader:
            w.write_pid(m.group_leader);
            break;
        case to_or_name:
            if (m.name.has_value()) return w.write_term(m.name);
            [[fallthrough]];
        case to:
        case current_to:
        case any_to:
            w.write_pid(m.to);
            break;
        case name:
            return w.write_term(m.name);
        case alias:
        case ref:
            w.write_reference(m.ref);
            break;
        case token:
            return w.write_term(m.token);
        case reason:
            return w.write_term(why);
        case unlink_id:
        case reply_flags:
            w.integer(m.id);
            break;
        case mfa:
            return w.write_term(m.mfa);
        case options:
            return w.write_term(m.options);
        case action_flags:
            w.integer(action_flags_of(m));
            break;
        case action_to:
            return write_destination(w, m);
    }
    return {};
}

}  // namespace

result<void> encode_control(etf::byte_buffer& out, const control_message& m, control_op op, term_view reason,
                            const etf::encode_options& options) {
    const control_operation* const operation = find_operation(static_cast<std::uint64_t>(op));
    RAKKA_CHECK(operation != nullptr);
    etf::encode_options in_tuple = options;
    in_tuple.version = false;
    const std::size_t start = out.size();
    const std::size_t pieces = out.pieces().size();
    element_writer w(out, in_tuple);
    const bool extra_token = op == control_op::altact_sig_send && m.token.has_value();
    w.tuple(operation->arity() + (extra_token ? 1 : 0));
    w.integer(static_cast<std::uint64_t>(op));
    result<void> done;
    for (std::size_t i = 0; done && i + 1 < operation->arity(); ++i) {
        done = write_field(w, operation->fields[i], m, reason);
    }
    if (done && extra_token) done = w.write_term(m.token);
    if (!done) out.truncate(start, pieces);
    return done;
}

}  // namespace rakka::wire
