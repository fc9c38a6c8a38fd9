// Terms handed to a BEAM's shell and terms handed back, in hexadecimal: exact, whatever the shell would
// print.
#pragma once

#include "support/beam_node.hpp"

#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>
#include <rakka/etf/term.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rakka::interop {

/// An Erlang expression whose value is `t`.
inline std::string expression_of(term_view t) {
    constexpr char digits[] = "0123456789ABCDEF";
    const etf::byte_buffer bytes = etf::encode(t).value();
    std::string out = "binary_to_term(binary:decode_hex(<<\"";
    for (const std::byte b : bytes.bytes()) {
        out += digits[static_cast<unsigned>(b) >> 4];
        out += digits[static_cast<unsigned>(b) & 15];
    }
    return out + "\">>))";
}

/// The value that the node gives to an expression.
inline term eval_term(beam_node& node, const std::string& expression) {
    const std::string printed = node.eval("binary:encode_hex(term_to_binary(" + expression + "))");
    if (printed.size() < 6 || !printed.starts_with("<<\""))
        throw std::runtime_error("not hexadecimal: " + printed);
    const std::string_view digits = std::string_view(printed).substr(3, printed.size() - 6);
    const auto value = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'A' + 10); };
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(value(digits[i]) << 4 | value(digits[i + 1])));
    return etf::decode(bytes).value().term;
}

}  // namespace rakka::interop
