// See code.hpp. RAKKA_CODE_NAME is calls or loops.
#include "preemptible/code.hpp"

#include <rakka/actors.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/traits.hpp>

#include <cerrno>
#include <cstdarg>
#include <string>
#include <vector>

#define RAKKA_JOIN_(a, b) a##b
#define RAKKA_JOIN(a, b) RAKKA_JOIN_(a, b)
#define RAKKA_STRING_(a) #a
#define RAKKA_STRING(a) RAKKA_STRING_(a)

namespace rakka::testing {
namespace RAKKA_CODE_NAME {
namespace {

using namespace rakka::literals;

[[gnu::noinline]] int fib(int n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

[[gnu::noinline]] void step(std::uint64_t& n) {
    n = n * 6364136223846793005U + 1;
    asm volatile("" : "+m"(n));
}

struct scope {
    explicit scope(ends& n) noexcept : ended(n) {}
    ~scope() { ended += fib(6) == 8 ? 1 : 1000; }
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    ends& ended;
};

void call_until(const std::atomic<bool>& stop) {
    std::uint64_t n = 0;
    while (!stop.load(std::memory_order_relaxed))
        step(n);
}

void spin_until(const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
    }
}

void obey_for_ever(ends& scopes) {
    const scope s(scopes);
    for (std::uint64_t n = 0;;) {
        step(n);
        consume_reductions();
    }
}

void send_for_ever(ends& scopes) {
    const scope s(scopes);
    for (std::uint64_t n = 0;;) {
        for (int i = 0; i < 10'000; ++i)
            step(n);
        send(self(), "hello"_a);
    }
}

void spin_for_ever(ends& scopes) {
    const scope s(scopes);
    for (std::uint64_t n = 0;;)
        step(n);
}

std::uint64_t bits(double d) {
    return static_cast<std::uint64_t>(d * 4096);
}

[[gnu::noinline]] std::uint64_t many(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d,
                                     std::uint64_t e, std::uint64_t f, std::uint64_t g, double s, double t,
                                     double u, double v, double w, double x, double y, double z,
                                     double last) {
    const std::uint64_t whole = a ^ b * 3 ^ c * 5 ^ d * 7 ^ e * 11 ^ f * 13 ^ g * 17;
    return whole + bits(s) + 3 * bits(t) + 5 * bits(u) + 7 * bits(v) + 11 * bits(w) + 13 * bits(x) +
           17 * bits(y) + 19 * bits(z) + 23 * bits(last);
}

[[gnu::noinline]] std::uint64_t any_number(int n, ...) {
    std::va_list list;
    va_start(list, n);
    std::uint64_t sum = 0;
    for (int i = 0; i < n; ++i)
        sum = sum * 31 + bits(va_arg(list, double));
    va_end(list);
    return sum;
}

std::uint64_t mix(std::uint64_t seed, int rounds) {
    std::uint64_t h = seed;
    for (int i = 0; i < rounds; ++i) {
        const auto d = static_cast<double>(h % 1009);
        h = many(h, h + 1, h + 2, h + 3, h + 4, h + 5, h + 6, d, d + 1, d + 2, d + 3, d + 4, d + 5, d + 6,
                 d + 7, d + 8);
        h += any_number(9, d, d + 1, d + 2, d + 3, d + 4, d + 5, d + 6, d + 7, d + 8);
    }
    return h;
}

#if defined(__x86_64__)
#define RAKKA_AVX [[gnu::target("avx")]]
typedef double wide __attribute__((vector_size(32)));

RAKKA_AVX [[gnu::noinline]] wide blend(const wide a, const wide b, const wide c, const wide d) {
    return a * 3 + b * 5 + c * 7 + d;
}

RAKKA_AVX std::uint64_t mix_wide(std::uint64_t seed, int rounds) {
    const auto s = static_cast<double>(seed % 1009);
    wide a{s, s + 1, s + 2, s + 3};
    for (int i = 0; i < rounds; ++i) {
        a = blend(a, a + 1, a + 2, a + 3);
        a = a - 64 * __builtin_convertvector(
                         __builtin_convertvector(a / 64, int __attribute__((vector_size(16)))), wide);
    }
    return bits(a[0]) + 3 * bits(a[1]) + 5 * bits(a[2]) + 7 * bits(a[3]);
}
#else
std::uint64_t mix_wide(std::uint64_t seed, int rounds) {
    return mix(seed, rounds);
}
#endif

[[gnu::noinline]] void throw_from(int depth, ends& scopes) {
    const scope s(scopes);
    if (depth == 0) throw fib(7);
    try {
        throw_from(depth - 1, scopes);
    } catch (const std::string&) {
        scopes += 1000;
    }
}

[[gnu::noinline]] int initialise(int& initialisations) {
    ++initialisations;
    return fib(15);
}

int first_use_of_a_static(int& initialisations) {
    static const int value = initialise(initialisations);
    return value;
}

void compute_locked(std::mutex& m, int& shared, int rounds) {
    for (int i = 0; i < rounds; ++i) {
        const std::lock_guard lock(m);
        const int before = shared;
        fib(8);
        shared = before + 1;
    }
}

[[gnu::noinline]] void set_errno(int number) {
    errno = number;
}
[[gnu::noinline]] int get_errno() {
    return errno;
}

int errno_after_computing(int number) {
    set_errno(number);
    fib(10);
    return get_errno();
}

bool refuse_once_told(term_view, const std::atomic<bool>& go_on) {
    call_until(go_on);
    return false;
}

void child(const pid& parent, int i) {
    send(parent, tuple("answer"_a, i, receive()));
}

int use_everything(int rounds) {
    int good = 0;
    for (int i = 0; i < rounds; ++i) {
        const auto [c, ref] = spawn_monitor([me = self(), i] { child(me, i); });
        link(c);
        put("round"_a, list(i, "of"_a, rounds));
        std::vector<term> parts(static_cast<std::size_t>(i % 7), term("x"_a));
        send(c, to_term(parts));
        send(self(), tuple("note"_a, i));
        unlink(c);
        receive(on(tuple_of("answer"_a, i, any), [&](auto&&...) { ++good; }));
        receive(on(tuple_of("note"_a, i), [&] { ++good; }));
        receive(on(tuple_of("DOWN"_a, ref, any, any, any), [&](auto&&...) { ++good; }));
        if (get("round"_a).has_value()) ++good;
        erase("round"_a);
    }
    return good;
}

}  // namespace
}  // namespace RAKKA_CODE_NAME

const preemptible_code RAKKA_JOIN(RAKKA_CODE_NAME, _code){
    RAKKA_STRING(RAKKA_CODE_NAME),
    RAKKA_CODE_COUNTS_LOOPS,
    &RAKKA_CODE_NAME::fib,
    &RAKKA_CODE_NAME::call_until,
    &RAKKA_CODE_NAME::spin_until,
    &RAKKA_CODE_NAME::obey_for_ever,
    &RAKKA_CODE_NAME::send_for_ever,
    &RAKKA_CODE_NAME::spin_for_ever,
    &RAKKA_CODE_NAME::mix,
    &RAKKA_CODE_NAME::mix_wide,
    &RAKKA_CODE_NAME::throw_from,
    &RAKKA_CODE_NAME::first_use_of_a_static,
    &RAKKA_CODE_NAME::compute_locked,
    &RAKKA_CODE_NAME::errno_after_computing,
    &RAKKA_CODE_NAME::refuse_once_told,
    &RAKKA_CODE_NAME::use_everything,
};

}  // namespace rakka::testing
