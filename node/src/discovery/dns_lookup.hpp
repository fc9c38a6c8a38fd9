// Asks the domain name system for the records of one name.
#pragma once

#include <rakka/node/discovery.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rakka::discovery {

enum class record_type : std::uint8_t { a, aaaa, srv };

/// Addresses in text, or the targets of SRV records without their last dot.
struct dns_answer {
    std::vector<std::string> records;
    /// Why nobody knows; empty: the records are all there are (none, if there is no such name).
    std::string failure;
};

/// More records of one name are not looked at.
inline constexpr std::size_t max_records = 10'000;

/// Blocks, up to twice `server.patience` for each server: for a thread that may.
[[nodiscard]] dns_answer ask_dns(const std::string& name, record_type type, const dns_server& server);

/// The records of this type in a whole answer of a server; what cannot be read ends them. Any thread.
[[nodiscard]] std::vector<std::string> read_records(std::span<const std::uint8_t> message, record_type type);

/// What is wrong with `server`, as a sentence; empty: nothing.
[[nodiscard]] std::string explain_bad_server(const dns_server& server);

}  // namespace rakka::discovery
