// Whether the options of a node make sense, before anything is started with them.
#pragma once

#include <rakka/node/options.hpp>

#include <optional>
#include <string>

namespace rakka::detail {

/// What is wrong, in a sentence that names the field and what to write instead; nothing when nothing is. Name
/// and cookie are looked at elsewhere. Does not block. Any thread.
[[nodiscard]] std::optional<std::string> explain_bad_option(const node_options& o);

/// Whether `address` is an IPv6 address.
[[nodiscard]] bool is_ipv6(const std::string& address) noexcept;

}  // namespace rakka::detail
