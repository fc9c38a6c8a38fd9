// The external term format: encode, decode and skip of the terms that bench/peers/codec.erl writes.
//
//     codec_bench FOLDER RUNS        FOLDER holds small.etf, call.etf, …
#include "harness.hpp"

#include <rakka/etf/decode.hpp>
#include <rakka/etf/encode.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace rakka;

std::vector<char> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Nanoseconds for one call of `f`, over `n` calls.
template <class F>
double each(std::size_t n, F&& f) {
    return 1e9 * bench::timed([&] {
               for (std::size_t i = 0; i < n; ++i)
                   f();
           }) /
           static_cast<double>(n);
}

void measure(const std::string& shape, std::span<const std::byte> bytes, int runs) {
    const auto decoded = etf::decode(bytes, {});
    if (!decoded) {
        std::cerr << shape << ": does not decode\n";
        std::exit(1);
    }
    const term& value = decoded->term;
    const std::size_t n = std::clamp<std::size_t>(200'000'000 / (bytes.size() * 4 + 400), 20, 2'000'000);
    etf::byte_buffer out;
    bench::repeat("etf_encode", shape, "ns", runs, [&] {
        return each(n, [&] {
            out.clear();
            if (!etf::encode_to(out, value, {})) std::exit(1);
        });
    });
    bench::repeat("etf_decode", shape, "ns", runs, [&] {
        return each(n, [&] {
            if (!etf::decode(bytes, {})) std::exit(1);
        });
    });
    bench::repeat("etf_skip", shape, "ns", runs, [&] {
        return each(n, [&] {
            if (!etf::validate(bytes, {})) std::exit(1);
        });
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::cerr << "usage: codec_bench FOLDER RUNS\n";
        return 2;
    }
    for (const std::string shape : {"small", "call", "nested", "ints", "floats", "bin", "tree"}) {
        const auto bytes = read_file(std::string(argv[1]) + "/" + shape + ".etf");
        if (bytes.empty()) {
            std::cerr << shape << ".etf is missing\n";
            return 1;
        }
        measure(shape, std::as_bytes(std::span(bytes)), std::atoi(argv[2]));
    }
}
