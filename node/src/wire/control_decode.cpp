#include "wire/control_codec.hpp"
#include "wire/element_reader.hpp"

#include <rakka/actors/trace_token.hpp>
#include <rakka/etf/traits.hpp>

#include <string>

namespace rakka::wire {
namespace {

constexpr std::uint64_t max_reply_flags = (std::uint64_t{1} << 27) - 1;

/// Reads one message by its row of the table.
class message_reader {
public:
    message_reader(byte_span bytes, const control_context& context, control_message& out) noexcept
        : in_(bytes, context), context_(context), out_(out) {}

    wire_result<decoded_control> read();

private:
    bool read_field(control_field field);
    bool read_action_flags();
    bool read_action_to();
    bool read_mfa();
    bool is_peer(const pid& p) const noexcept { return !context_.peer || p.node == context_.peer; }
    /// `current` too: not an older incarnation.
    bool is_own(const pid& p, bool current = false) const noexcept;
    bool fail(const char* reason) noexcept {
        reason_ = reason;
        return false;
    }
    wire_error field_error(const control_operation& operation, std::size_t element) const;

    element_reader in_;
    const control_context& context_;
    control_message& out_;
    std::uint64_t action_ = 0;
    const char* reason_ = "";
};

bool message_reader::is_own(const pid& p, bool current) const noexcept {
    const etf::node_identity& own = context_.terms.own;
    if (p.is_local() || !own.name) return true;
    return p.node == own.name && (!current || p.creation == own.creation);
}

bool message_reader::read_mfa() {
    if (!in_.read_term(out_.mfa) || !out_.mfa.is_tuple(3)) return fail("is not {Module, Function, Arity}");
    const tuple_view mfa = out_.mfa.tuple();
    if (!mfa[0].is(kind::atom) || !mfa[1].is(kind::atom))
        return fail("has a module or function that is no atom");
    if (!mfa[2].as<std::uint8_t>()) return fail("has an arity that is not 0 to 255");
    return true;
}

bool message_reader::read_action_flags() {
    wire_integer flags;
    if (!in_.read_integer(flags)) return fail("is not an integer");
    if (flags.negative) return fail("is negative");
    action_ = flags.magnitude;
    if ((action_ & action_flag::alias) && (action_ & action_flag::name))
        return fail("has both ALIAS and NAME");
    out_.priority = action_ & action_flag::priority;
    out_.kind = action_ & action_flag::exit    ? control_kind::exit2
                : action_ & action_flag::alias ? control_kind::send_to_alias
                : action_ & action_flag::name  ? control_kind::send_to_name
                                               : control_kind::send;
    return true;
}

bool message_reader::read_action_to() {
    if (action_ & action_flag::alias) return in_.read_reference(out_.ref) || fail("is not a reference");
    if (action_ & action_flag::name) return in_.read_atom(out_.name) || fail("is not an atom");
    return in_.read_pid(out_.to) || fail("is not a pid");
}

bool message_reader::read_field(control_field field) {
    using enum control_field;
    wire_integer integer;
    switch (field) {
        case none:
            return true;
        case unused:
            return in_.skip_term() || fail("is not a term");
        case peer_from_or_name:
            if (in_.is_next_atom()) return in_.read_atom(out_.name) || fail("is not an atom");
            [[fallthrough]];
        case peer_from:
            if (!in_.read_pid(out_.from)) return fail("is not a pid");
            return is_peer(out_.from) || fail("is a pid of another node than the peer");
        case any_from:
        case leader:
            return in_.read_pid(out_.from) || fail("is not a pid");
        case group_leader:
            return in_.read_pid(out_.group_leader) || fail("is not a pid");
        case to_or_name:
            if (in_.is_next_atom()) return in_.read_atom(out_.name) || fail("is not an atom");
            [[fallthrough]];
        case to:
        case current_to:
            if (!in_.read_pid(out_.to)) return fail("is not a pid");
            if (!is_own(out_.to)) return fail("is a pid of another node");
            if (field == current_to && !is_own(out_.to, true))
                return fail("is a pid of an older incarnation of this node");
            return true;
        case any_to:
            return in_.read_pid(out_.to) || fail("is not a pid");
        case name:
            return in_.read_atom(out_.name) || fail("is not an atom");
        case alias:
            return in_.read_reference(out_.ref) || fail("is not a reference");
        case ref:
            if (!in_.read_reference(out_.ref)) return fail("is not a reference");
            return static_cast<bool>(out_.ref) || fail("is a reference of a node with an unknown name");
        case token:
            if (!in_.read_term(out_.token)) return fail("is not a term");
            return trace_token::is_token(out_.token) || fail("is not a trace token");
        case reason:
            return in_.read_term(out_.reason) || fail("is not a term");
        case unlink_id:
        case reply_flags:
            if (!in_.read_integer(integer)) return fail("is not an integer");
            out_.id = integer.magnitude;
            if (integer.negative || integer.wide || (field == unlink_id && out_.id == 0) ||
                (field == reply_flags && out_.id > max_reply_flags))
                return fail("is out of range");
            return true;
        case mfa:
            return read_mfa();
        case options: {
            if (!in_.read_term(out_.options)) return fail("is not a term");
            const bool proper =
                out_.options.is(kind::nil) || (out_.options.is(kind::list) && out_.options.list().proper());
            return proper || fail("is not a proper list");
        }
        case spawn_result:
            if (in_.is_next_atom()) return in_.read_atom(out_.name) || fail("is not an atom");
            if (!in_.read_pid(out_.from)) return fail("is neither a pid nor an atom");
            return is_peer(out_.from) || fail("is a pid of another node than the peer");
        case action_flags:
            return read_action_flags();
        case action_to:
            return read_action_to();
    }
    return false;
}

wire_error message_reader::field_error(const control_operation& operation, std::size_t element) const {
    return bad_control(std::string(operation.name) + " (" +
                       std::to_string(static_cast<unsigned>(operation.op)) + "): element " +
                       std::to_string(element) + ' ' + reason_);
}

wire_result<decoded_control> message_reader::read() {
    std::size_t arity = 0;
    if (!in_.read_tuple(arity)) return bad_control("the control message is not a tuple");
    wire_integer code;
    if (arity == 0 || !in_.read_integer(code))
        return bad_control("the control message has no operation code");
    const control_operation* const operation =
        code.negative || code.wide ? nullptr : find_operation(code.magnitude);
    if (!operation) {
        return bad_control(code.negative || code.wide
                               ? "an operation code out of range"
                               : "unknown operation " + std::to_string(code.magnitude));
    }
    const bool extensible = operation->op == control_op::altact_sig_send;
    if (extensible ? arity < operation->arity() : arity != operation->arity()) {
        return bad_control(std::string(operation->name) + " with " + std::to_string(arity) +
                           " elements instead of " + std::to_string(operation->arity()));
    }
    out_.op = operation->op;
    out_.kind = operation->kind;
    std::size_t element = 1;  // the operation code was the first
    for (; element < operation->arity(); ++element) {
        if (!read_field(operation->fields[element - 1])) return field_error(*operation, element + 1);
    }
    if (extensible && (action_ & action_flag::token)) {
        if (element >= arity) return bad_control("ALTACT_SIG_SEND (37) with flag TOKEN has no token");
        if (!read_field(control_field::token)) return field_error(*operation, element + 1);
        ++element;
    }
    for (; element < arity; ++element) {  // from later versions of operation 37
        reason_ = "is not a term";
        if (!in_.skip_term()) return field_error(*operation, element + 1);
    }
    return decoded_control{operation, in_.position()};
}

}  // namespace

wire_result<decoded_control> decode_control(byte_span bytes, const control_context& context,
                                            control_message& out) {
    out.reset();
    return message_reader(bytes, context, out).read();
}

}  // namespace rakka::wire
