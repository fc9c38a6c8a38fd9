// Pids, ports and references from their text. Used by parse.cpp alone.
#pragma once

#include "text_lexer.hpp"

#include <rakka/etf/builder.hpp>

#include <cstdint>

namespace rakka::etf::detail {

/// The identifier that is the lexer's current token, as one of the system with that origin; moves on. Throws
/// parse_error.
[[nodiscard]] word read_identifier(builder& b, text_lexer& lexer, std::uint32_t origin);

}  // namespace rakka::etf::detail
