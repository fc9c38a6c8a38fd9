#include "big_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rakka::etf::detail {
namespace {

std::size_t bits_of(const cpp_int& v) {
    return v.is_zero() ? 0 : boost::multiprecision::msb(v) + 1;
}

// -- to digits: halve the number by a power of ten, and the halves again
// ----------------------------------------------------------------------------

constexpr std::size_t leaf_digits = 19 * 32;  // short enough for the plain algorithm

/// Ten to a power, and what dividing by it takes: Boost divides in quadratic time, but multiplies faster, so
/// a quotient is a product with the reciprocal.
class power_of_ten {
public:
    explicit power_of_ten(std::size_t digits)
        : value_(boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(digits))),
          digits_(digits),
          bits_(bits_of(value_)),
          reciprocal_((cpp_int(1) << (2 * bits_ + guard)) / value_) {}
    /// The square of `root`.
    explicit power_of_ten(const power_of_ten& root, std::size_t)
        : value_(root.value_ * root.value_),
          digits_(2 * root.digits_),
          bits_(bits_of(value_)),
          reciprocal_(refine(root)) {}

    [[nodiscard]] std::size_t digits() const noexcept { return digits_; }
    [[nodiscard]] std::size_t bits() const noexcept { return bits_; }

    /// Precondition: 0 <= n < the power's square.
    void divide(const cpp_int& n, cpp_int& quotient, cpp_int& remainder) const {
        if (bits_ < 64 * 128) return boost::multiprecision::divide_qr(n, value_, quotient, remainder);
        quotient = cpp_int(n >> (bits_ - 1)) * reciprocal_;
        quotient >>= bits_ + 1 + guard;
        remainder = n - quotient * value_;
        for (; remainder < 0; --quotient)  // the quotient is off by a few at most
            remainder += value_;
        for (; remainder >= value_; ++quotient)
            remainder -= value_;
    }

private:
    static constexpr std::size_t guard = 64;

    /// One step of Newton's method. The square of the root's reciprocal is right in its upper half; the error
    /// of what it gives when multiplied out tells the lower half.
    [[nodiscard]] cpp_int refine(const power_of_ten& root) const {
        const std::size_t scale = 2 * bits_ + guard, surplus = bits_ / 2 - 16;
        cpp_int upper = root.reciprocal_ * root.reciprocal_;
        upper >>= 4 * root.bits_ + 2 * guard - scale + surplus;
        cpp_int error = (cpp_int(1) << scale) - ((value_ * upper) << surplus);
        const bool too_large = error < 0;
        if (too_large) error = -error;
        const std::size_t below = bits_ - 2;  // bits of the error that cannot be seen in the result
        error >>= below;
        const cpp_int correction = (upper * error) >> (scale - surplus - below);
        upper <<= surplus;
        return too_large ? cpp_int(upper - correction) : cpp_int(upper + correction);
    }

    cpp_int value_;
    std::size_t digits_;
    std::size_t bits_;
    cpp_int reciprocal_;  // 2 to the power (2 * bits_ + guard), divided by value_: less a few, or plus
};

class decimal_writer {
public:
    explicit decimal_writer(std::string& out) noexcept : out_(out) {}

    void run(const cpp_int& value) {
        const std::size_t bits = bits_of(value);
        if (bits > 64 * 32) powers_.emplace_back(leaf_digits);
        while (!powers_.empty() && 2 * powers_.back().bits() - 1 <= bits)
            powers_.emplace_back(powers_.back(), 2);
        write(value, powers_.size(), 0);
    }

private:
    /// `width`: digits to write, zeros in front; 0 for as many as it has. Precondition: value is less than
    /// the square of the power below `level`. Recursion as deep as the number of digits has bits.
    void write(const cpp_int& value, std::size_t level, std::size_t width) {
        if (level == 0) {
            const std::string digits = value.str();
            if (width) out_.append(width - digits.size(), '0');
            out_ += digits;
            return;
        }
        const power_of_ten& power = powers_[level - 1];
        cpp_int upper, lower;
        power.divide(value, upper, lower);
        if (width == 0 && upper.is_zero()) return write(lower, level - 1, 0);
        write(upper, level - 1, width ? width - power.digits() : 0);
        write(lower, level - 1, power.digits());
    }

    std::string& out_;
    std::vector<power_of_ten> powers_;  // each the square of the one before
};

// -- from digits: the same the other way round
// ----------------------------------------------------------------------------

int digit_value(char c) noexcept {
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

class digit_reader {
public:
    digit_reader(std::size_t digits, int base) : base_(static_cast<std::uint64_t>(base)) {
        while (largest_ < UINT64_MAX / base_ / base_) {
            largest_ *= base_;
            ++chunk_;
        }
        leaf_ = 32 * chunk_;
        if (digits <= leaf_) return;
        powers_.push_back(boost::multiprecision::pow(cpp_int(base), static_cast<unsigned>(leaf_)));
        for (std::size_t n = 2 * leaf_; n < digits; n *= 2)
            powers_.push_back(powers_.back() * powers_.back());
    }

    [[nodiscard]] cpp_int read(std::string_view digits, std::size_t level) const {
        if (level == 0) return read_leaf(digits);
        const std::size_t lower = leaf_ << (level - 1);
        if (digits.size() <= lower) return read(digits, level - 1);
        const std::size_t upper = digits.size() - lower;
        return read(digits.substr(0, upper), level - 1) * powers_[level - 1] +
               read(digits.substr(upper), level - 1);
    }
    [[nodiscard]] std::size_t levels() const noexcept { return powers_.size(); }

private:
    [[nodiscard]] cpp_int read_leaf(std::string_view digits) const {
        cpp_int value = 0;
        while (!digits.empty()) {
            std::uint64_t scale = 1, chunk = 0;
            for (const char c : digits.substr(0, chunk_)) {
                chunk = chunk * base_ + static_cast<std::uint64_t>(digit_value(c));
                scale *= base_;
            }
            digits.remove_prefix(std::min(chunk_, digits.size()));
            value *= scale;
            value += chunk;
        }
        return value;
    }

    std::uint64_t base_;
    std::uint64_t largest_ = 1;  // power of the base in one machine word
    std::size_t chunk_ = 0;      // its exponent
    std::size_t leaf_ = 0;
    std::vector<cpp_int> powers_;  // of the base: to leaf_, then each the square of the one before
};

}  // namespace

void append_decimal(std::string& out, const cpp_int& value) {
    if (value >= 0) {
        decimal_writer(out).run(value);
    } else {
        out += '-';
        decimal_writer(out).run(-value);
    }
}

cpp_int from_digits(std::string_view digits, int base) {
    const digit_reader reader(digits.size(), base);
    return reader.read(digits, reader.levels());
}

}  // namespace rakka::etf::detail
