// The name of a node, `alive@host`, checked once and correct from then on.
#pragma once

#include <rakka/base/result.hpp>

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace rakka {

/// Short names (`-sname`) have a host part without dots, long names (`-name`) one with dots or an address. A
/// BEAM node dials only nodes of its own form.
enum class name_form { short_names, long_names };

/// An immutable node name. Text is UTF-8, as in terms; in handshake messages the same name travels as
/// Latin-1, so only characters up to U+00FF can occur. Ordered as Erlang orders atoms. Any thread.
class node_name {
public:
    static constexpr std::size_t max_characters = 255;

    /// The name in UTF-8 `text`, as a peer or a configuration may have it.
    /// Errors: `bad_node_name` (not exactly one '@' with text on both sides), `bad_node_name_character`
    /// (blank, control or not Latin-1), `node_name_too_long`.
    static result<node_name> parse(std::string_view text);

    /// The same for the name of a node of our own, under the stricter rules BEAM has at start: the alive part
    /// is of letters, digits, '_' and '-', and the host part must fit `form` (else `host_has_dots`,
    /// `host_has_no_dots`). Erlang: `net_kernel:start/2`.
    static result<node_name> parse_own(std::string_view text, name_form form);

    /// The name in the Latin-1 bytes of a handshake message. Errors as `parse`. [dist §Handshake/send_name]
    static result<node_name> from_latin1(std::string_view bytes);

    /// Whole name, UTF-8. Valid as long as this object.
    const std::string& text() const noexcept { return text_; }
    /// The part before '@', the name epmd knows. Valid as long as this object.
    std::string_view alive() const noexcept { return std::string_view(text_).substr(0, at_); }
    /// The part after '@'. Valid as long as this object.
    std::string_view host() const noexcept { return std::string_view(text_).substr(at_ + 1); }
    /// The bytes a handshake message carries.
    std::string latin1() const;
    /// Whether the host part is of the long or the short form.
    name_form form() const noexcept;
    /// Whether a node that uses `form` may dial this one: success, or `host_has_dots` / `host_has_no_dots`.
    result<void> check_form(name_form form) const;

    friend bool operator==(const node_name& a, const node_name& b) noexcept { return a.text_ == b.text_; }
    friend std::strong_ordering operator<=>(const node_name& a, const node_name& b) noexcept {
        return a.text_ <=> b.text_;  // the order of UTF-8 bytes is the order of code points
    }

private:
    node_name(std::string text, std::size_t at) : text_(std::move(text)), at_(at) {}

    std::string text_;
    std::size_t at_;
};

/// Latin-1 bytes as UTF-8 text. Any thread.
std::string latin1_to_utf8(std::string_view bytes);

/// One line for a user whose node name was refused: the name, what is wrong with it and what to write
/// instead.
std::string explain_bad_node_name(std::string_view text, error_code why);

}  // namespace rakka

template <>
struct std::hash<rakka::node_name> {
    std::size_t operator()(const rakka::node_name& n) const noexcept {
        return std::hash<std::string>{}(n.text());
    }
};
