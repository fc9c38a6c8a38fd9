#include "metrics/metric_cells.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <new>
#include <utility>

namespace rakka::detail {
namespace {

constexpr unsigned no_place = own_thread_places;          // not asked for yet
constexpr unsigned shared_place = own_thread_places + 1;  // this thread has to do without one

/// Which places are taken; goes with nothing, so that threads may end as late as they like.
struct place_list {
    std::mutex mutex;
    std::uint64_t free = ~std::uint64_t{0};  // guarded by mutex
};
static_assert(own_thread_places == 64);

place_list& places() noexcept {
    static place_list& list = *new place_list;
    return list;
}

// The functions that use it are not inlined and never switch fibers, so that nobody keeps the address of
// another thread's: see current.cpp of actors/.
[[gnu::tls_model("initial-exec")]] thread_local constinit unsigned my_place = no_place;

/// Gives the place back at the end of its thread.
struct place_holder {
    ~place_holder() {
        const unsigned place =
            std::exchange(my_place, shared_place);  // others may still be destroyed after this
        place_list& list = places();
        const std::lock_guard lock(list.mutex);
        list.free |= std::uint64_t{1} << place;
    }
};

/// The lock also shows the next owner of a place what the one before has written.
unsigned take_place() noexcept {
    place_list& list = places();
    const std::lock_guard lock(list.mutex);
    if (list.free == 0) return shared_place;
    const auto place = static_cast<unsigned>(std::countr_zero(list.free));
    list.free &= list.free - 1;
    return place;
}

[[gnu::cold, gnu::noinline]] unsigned find_place() noexcept {
    if (my_place == no_place) {
        my_place = take_place();
        if (my_place != shared_place) {
            static thread_local place_holder holder;
            static_cast<void>(holder);
        }
    }
    return my_place;
}

using word = thread_blocks::word;

/// Of a word that only this thread writes.
void add_alone(word& w, std::uint64_t n) noexcept {
    w.store(w.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

double as_double(const word& w) noexcept {
    return std::bit_cast<double>(w.load(std::memory_order_relaxed));
}

void add_alone(word& w, double n) noexcept {
    w.store(std::bit_cast<std::uint64_t>(as_double(w) + n), std::memory_order_relaxed);
}

void add_shared(word& w, double n) noexcept {
    std::uint64_t bits = w.load(std::memory_order_relaxed);
    while (!w.compare_exchange_weak(bits, std::bit_cast<std::uint64_t>(std::bit_cast<double>(bits) + n),
                                    std::memory_order_relaxed)) {
    }
}

}  // namespace

thread_blocks::thread_blocks(std::size_t words)
    : lines_((words + words_in_line - 1) / words_in_line), shared_(lines_) {}

thread_blocks::~thread_blocks() {
    for (const auto& b : own_)
        delete[] b.load(std::memory_order_acquire);
}

inline word* thread_blocks::own() noexcept {
    const unsigned place = my_place;
    if (place < own_thread_places) [[likely]] {
        if (line* const mine = own_[place].load(std::memory_order_relaxed)) [[likely]]
            return mine->words.data();
    }
    return make_own(place);
}

[[gnu::cold, gnu::noinline]] word* thread_blocks::make_own(unsigned place) noexcept {
    touched_.store(true, std::memory_order_release);
    if (place == no_place) place = find_place();
    if (place >= own_thread_places) return nullptr;
    // The block of the place's owner before, if it had one.
    line* mine = own_[place].load(std::memory_order_relaxed);
    if (mine == nullptr) {
        mine = new (std::nothrow) line[lines_];
        if (mine == nullptr) return nullptr;
        own_[place].store(mine, std::memory_order_release);
    }
    return mine->words.data();
}

void counter_cells::add(std::uint64_t n) noexcept {
    if (word* const mine = blocks_.own()) [[likely]] {
        add_alone(*mine, n);
    } else {
        blocks_.shared()->fetch_add(n, std::memory_order_relaxed);
    }
}

std::uint64_t counter_cells::sum() const noexcept {
    std::uint64_t all = 0;
    blocks_.each([&](const word* w) { all += w->load(std::memory_order_relaxed); });
    return all;
}

void gauge_cells::add(double n) noexcept {
    if (word* const mine = blocks_.own()) [[likely]] {
        add_alone(*mine, n);
    } else {
        add_shared(*blocks_.shared(), n);
    }
}

void gauge_cells::set(double value) noexcept {
    base_.store(blocks_.touched() ? value - added() : value, std::memory_order_relaxed);
}

double gauge_cells::added() const noexcept {
    double all = 0;
    blocks_.each([&](const word* w) { all += as_double(*w); });
    return all;
}

double gauge_cells::value() const noexcept {
    const double base = base_.load(std::memory_order_relaxed);
    return blocks_.touched() ? base + added() : base;
}

histogram_cells::histogram_cells(std::vector<double> bounds)
    : bounds_(std::move(bounds)), blocks_(bounds_.size() + 2) {}

void histogram_cells::observe(double value) noexcept {
    if (std::isnan(value)) return;
    const auto bucket =
        static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
    if (word* const mine = blocks_.own()) [[likely]] {
        add_alone(mine[0], value);
        add_alone(mine[1 + bucket], std::uint64_t{1});
    } else {
        word* const shared = blocks_.shared();
        add_shared(shared[0], value);
        shared[1 + bucket].fetch_add(1, std::memory_order_relaxed);
    }
}

std::vector<std::uint64_t> histogram_cells::counts() const {
    std::vector<std::uint64_t> all(bounds_.size() + 1);
    blocks_.each([&](const word* w) {
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] += w[1 + i].load(std::memory_order_relaxed);
    });
    return all;
}

double histogram_cells::sum() const noexcept {
    double all = 0;
    blocks_.each([&](const word* w) { all += as_double(*w); });
    return all;
}

}  // namespace rakka::detail
