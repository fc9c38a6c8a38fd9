// Random numbers an attacker cannot predict: challenges, creations, cookies.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

namespace rakka::detail {

/// Any thread. Ends the program when the system has no randomness to give: going on would hand out guessable
/// secrets.
void fill_with_random_bits(void* to, std::size_t size);

/// Any thread.
template <class Unsigned>
Unsigned random_bits() {
    Unsigned bits = 0;
    fill_with_random_bits(&bits, sizeof bits);
    return bits;
}

/// For simulations: while it lives, random_bits() on this thread come from `source`.
class predictable_bits {
public:
    using source = std::function<void(void* to, std::size_t size)>;
    explicit predictable_bits(source s);
    ~predictable_bits();
    predictable_bits(const predictable_bits&) = delete;
    predictable_bits& operator=(const predictable_bits&) = delete;

private:
    source source_;
    const source* before_;
};

}  // namespace rakka::detail
