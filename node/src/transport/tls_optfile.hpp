// Erlang's option file for distribution over TLS.
#pragma once

#include <rakka/node/tls_options.hpp>

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace rakka::transport {

/// What a file for `-ssl_dist_optfile` says: `[{server, [...]}, {client, [...]}].`, with Erlang's defaults
/// for what it does not say. The error is a sentence with the file, and the option or the place that is
/// wrong. An option that has no counterpart here is an error; one that makes no difference to the peer is
/// accepted (docs/tls.md). Blocks on the file system.
[[nodiscard]] boost::system::result<tls_options, std::string> read_tls_optfile(
    const std::filesystem::path& file);

/// The same for the text of such a file.
[[nodiscard]] boost::system::result<tls_options, std::string> parse_tls_optfile(std::string_view text);

}  // namespace rakka::transport
