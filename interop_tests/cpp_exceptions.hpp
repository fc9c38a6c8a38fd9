// Exceptions of C++ in scenarios that a BEAM and C++ both play: what the BEAM's side has as `{cpp_exception,
// Type, What}`.
#pragma once

#include <rakka/etf/term.hpp>

#include <exception>
#include <stdexcept>
#include <string>

namespace rakka::interop {

class custom_exception : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "custom"; }
};

/// Throws what the term names: `{std, Text}`, `custom`, `odd` (what is no std::exception). Others do nothing.
inline void throw_cpp(const term& what) {
    if (what.is_tagged("std"_a, 2))
        throw std::runtime_error(what.share(what.tuple()[1]).as<std::string>().value());
    if (what.is_atom("custom"_a)) throw custom_exception();
    if (what.is_atom("odd"_a)) throw 17;
}

/// Erlang: clauses of a function `act` that raise the same as errors.
#define RAKKA_CPP_EXCEPTIONS_ERL                                                                         \
    "act({std, Text}) -> error({cpp_exception, <<\"std::runtime_error\">>, Text});\n"                    \
    "act(custom) -> error({cpp_exception, <<\"rakka::interop::custom_exception\">>, <<\"custom\">>});\n" \
    "act(odd) -> error({cpp_exception, <<\"int\">>, <<>>});\n"

}  // namespace rakka::interop
