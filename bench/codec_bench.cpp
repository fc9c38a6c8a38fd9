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
#include <utility>
#include <vector>

namespace {

using namespace rakka;

std::vector<char> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Nanoseconds for one call of `f`, over `n` calls. Each call reads its bytes anew: what can be inlined is
/// not done once for all of them.
template <class F>
double each(std::size_t n, F&& f) {
    return 1e9 * bench::timed([&] {
               for (std::size_t i = 0; i < n; ++i) {
                   f();
                   asm volatile("" ::: "memory");
               }
           }) /
           static_cast<double>(n);
}

etf::decoded decode_or_exit(const std::string& shape, std::span<const std::byte> bytes,
                            const etf::decode_options& options) {
    auto decoded = etf::decode(bytes, options);
    if (!decoded) {
        std::cerr << shape << ": does not decode\n";
        std::exit(1);
    }
    return std::move(*decoded);
}

std::size_t repetitions(std::size_t bytes) {
    return std::clamp<std::size_t>(200'000'000 / (bytes * 4 + 400), 20, 2'000'000);
}

void measure_encode(const std::string& shape, const term& value, etf::byte_buffer& out, std::size_t n,
                    int runs) {
    bench::repeat("etf_encode", shape, "ns", runs, [&] {
        return each(n, [&] {
            out.clear();
            if (!etf::encode_to(out, value)) std::exit(1);
        });
    });
}

void measure_decode(const std::string& shape, std::span<const std::byte> bytes,
                    const etf::decode_options& options, std::size_t n, int runs) {
    bench::repeat("etf_decode", shape, "ns", runs, [&] {
        return each(n, [&] {
            if (!etf::decode(bytes, options)) std::exit(1);
        });
    });
}

void measure(const std::string& shape, std::span<const std::byte> bytes, int runs) {
    const etf::decode_options options;
    const term value = decode_or_exit(shape, bytes, options).term;
    const std::size_t n = repetitions(bytes.size());
    etf::byte_buffer out;
    measure_encode(shape, value, out, n, runs);
    measure_decode(shape, bytes, options, n, runs);
    bench::repeat("etf_skip", shape, "ns", runs, [&] {
        return each(n, [&] {
            if (!etf::validate(bytes, options)) std::exit(1);
        });
    });
}

/// As a connection does it: what is received lies in a shared buffer, of which large binaries become slices,
/// and large binaries that are sent are gathered, not copied in.
void measure_uncopied(const std::string& shape, std::span<const std::byte> bytes, int runs) {
    etf::shared_buffer* const buffer = etf::shared_buffer::make(bytes.size());
    std::copy(bytes.begin(), bytes.end(), buffer->data());
    etf::decode_options options;
    options.buffer = buffer;
    const std::span<const std::byte> received{buffer->data(), bytes.size()};
    const term value = decode_or_exit(shape, received, options).term;
    const std::size_t n = repetitions(16);
    etf::byte_buffer out;
    out.gather_from(std::size_t{16} << 10);
    measure_encode(shape, value, out, n, runs);
    if (out.pieces().size() != 1 || out.total_size() != bytes.size()) std::exit(1);
    measure_decode(shape, received, options, n, runs);
    buffer->release();
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
        if (shape == "bin")
            measure_uncopied("bin, not copied", std::as_bytes(std::span(bytes)), std::atoi(argv[2]));
    }
}
