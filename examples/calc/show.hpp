// One line a step, as the Erlang and Elixir sides of the demo print it.
#pragma once

#include <rakka/etf.hpp>

#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>

/// Prints what was asked and what came; ends the program with 1 when something else was expected.
inline void show(const std::string& what, const rakka::term& got, const rakka::term& expected) {
    std::cout << "  c++     " << std::left << std::setw(52) << what << " -> " << got.to_string() << std::endl;
    if (got == expected) return;
    std::cout << "  c++     EXPECTED " << expected.to_string() << std::endl;
    std::exit(1);
}
