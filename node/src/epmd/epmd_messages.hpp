// The requests and replies of the Erlang Port Mapper Daemon as structs, and their bytes. [epmd §Protocol]
#pragma once

#include "bytes.hpp"

#include <rakka/base/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rakka::epmd {

inline constexpr std::uint16_t default_port = 4369;

/// An epmd takes no request whose length field and body together reach this.
inline constexpr std::size_t request_size_limit = 3060;

/// First byte of a request body.
enum class request_tag : std::uint8_t {
    alive2 = 120,  ///< 'x', register; lasts as long as the connection
    port2 = 122,   ///< 'z', look one name up
    names = 110,   ///< 'n', list the living names
    dump = 100,    ///< 'd', list everything
    kill = 107,    ///< 'k', end the daemon
    stop = 115,    ///< 's', forget one name
};

/// First byte of a reply, where it has one.
enum class reply_tag : std::uint8_t {
    alive2_wide = 118,  ///< creation of 32 bits
    alive2 = 121,       ///< creation of 16 bits, for nodes whose highest version is below 6
    port2 = 119,
};

/// What a node says of itself; nobody acts on it. Every BEAM says `normal`, even a hidden one.
enum class node_type : std::uint8_t { hidden = 72, normal = 77 };

/// One registered node, as in ALIVE2 requests and PORT2 replies.
struct node_entry {
    std::string name;  ///< the part before '@', UTF-8
    std::uint16_t port = 0;
    std::uint8_t type = static_cast<std::uint8_t>(node_type::normal);
    std::uint8_t protocol = 0;  ///< 0 = TCP
    std::uint16_t highest_version = 6;
    std::uint16_t lowest_version = 6;
    std::string extra;

    friend bool operator==(const node_entry&, const node_entry&) = default;
};

struct alive2_request {
    node_entry node;
};
struct port2_request {
    std::string name;
};
struct names_request {};
struct dump_request {};
struct kill_request {};
struct stop_request {
    std::string name;
};
using request =
    std::variant<alive2_request, port2_request, names_request, dump_request, kill_request, stop_request>;

/// A whole request, length included.
[[nodiscard]] bytes encode(const request& r);

/// A request body without its length. Errors: `epmd_bad_request`, for whatever makes an epmd hang up without
/// a word.
result<request> decode_request(byte_view body);

struct alive2_reply {
    std::uint8_t result = 0;  ///< 0 = registered
    std::uint32_t creation = 0;
};

/// `highest_version` is the node's, from its request: it decides on the width of the creation.
[[nodiscard]] bytes encode_alive2_reply(const alive2_reply& r, std::uint16_t highest_version);
/// Nothing: the name is unknown.
[[nodiscard]] bytes encode_port2_reply(const std::optional<node_entry>& node);
/// One line of a NAMES reply, which begins with the daemon's own port in 4 bytes.
[[nodiscard]] std::string names_line(const node_entry& node);

/// Replies as they arrive: nothing while bytes are missing, `epmd_bad_reply` when they cannot become a reply.
result<std::optional<alive2_reply>> decode_alive2_reply(byte_view arrived);

struct port2_reply {
    std::uint8_t result = 0;  ///< 0 = found
    std::optional<node_entry> node;
};
result<std::optional<port2_reply>> decode_port2_reply(byte_view arrived);

struct named_port {
    std::string name;
    std::uint16_t port = 0;

    friend bool operator==(const named_port&, const named_port&) = default;
};
struct names_reply {
    std::uint32_t epmd_port = 0;
    std::vector<named_port> nodes;
};
/// The whole reply, complete when the daemon has closed the connection.
result<names_reply> decode_names_reply(byte_view all);

/// The number of characters, or nothing when `text` is not UTF-8.
std::optional<std::size_t> count_characters(std::string_view text) noexcept;

}  // namespace rakka::epmd
