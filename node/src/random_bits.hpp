// Random numbers an attacker cannot predict: challenges, creations, cookies.
#pragma once

#include <rakka/base/check.hpp>

#include <openssl/rand.h>

namespace rakka::detail {

/// Any thread. Ends the program when the system has no randomness to give: going on would hand out guessable
/// secrets.
template <class Unsigned>
Unsigned random_bits() {
    Unsigned bits = 0;
    RAKKA_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof bits) == 1);
    return bits;
}

}  // namespace rakka::detail
