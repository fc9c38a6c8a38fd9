// What a first program of a consumer does with Rakka; it fails unless the libraries are really there.
#include <rakka/etf/build.hpp>
#include <rakka/etf/term.hpp>

#include <cstdio>
#include <cstdlib>

int main() {
    using namespace rakka;
    const term request = tuple("add"_a, 1, list("two"_a, 3.0));
    const term same = tuple("add"_a, 1, list("two"_a, 3.0));
    if (!(request == same)) return EXIT_FAILURE;
    std::puts("rakka works");
    return EXIT_SUCCESS;
}
