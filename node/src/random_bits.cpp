#include "random_bits.hpp"

#include <rakka/base/check.hpp>

#include <openssl/rand.h>

namespace rakka::detail {
namespace {

thread_local const predictable_bits::source* predictable = nullptr;

}  // namespace

void fill_with_random_bits(void* to, std::size_t size) {
    if (predictable != nullptr) return (*predictable)(to, size);
    RAKKA_CHECK(RAND_bytes(static_cast<unsigned char*>(to), static_cast<int>(size)) == 1);
}

predictable_bits::predictable_bits(source s)
    : source_(std::move(s)), before_(std::exchange(predictable, &source_)) {}

predictable_bits::~predictable_bits() {
    predictable = before_;
}

}  // namespace rakka::detail
