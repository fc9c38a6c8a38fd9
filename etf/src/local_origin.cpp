#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/local_origin.hpp>
#include <rakka/etf/replay.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <stdexcept>

namespace rakka::etf::local_origin {
namespace {

constexpr std::uint64_t pack(node_identity i) noexcept {
    return std::uint64_t{i.name.id()} << 32 | i.creation;
}
constexpr node_identity nobody{atoms::known<"nonode@nohost">, 0};

struct pool {
    pool() {
        for (std::uint32_t i = 1; i < 256; ++i)
            free.push_back(i);
    }
    std::mutex mutex;
    std::deque<std::uint32_t>
        free;  // first in, first out: a number rests as long as possible before it is used again
    std::array<std::atomic<std::uint64_t>, 256> identities{};
};

pool& instance() {
    static pool* const self = new pool;
    return *self;
}

}  // namespace

std::uint32_t acquire() {
    pool& p = instance();
    std::lock_guard lock(p.mutex);
    if (p.free.empty()) throw std::runtime_error("rakka: 255 systems are alive in this program already");
    const std::uint32_t origin = p.free.front();
    p.free.pop_front();
    p.identities[origin].store(pack(nobody), std::memory_order_release);
    return origin;
}

void release(std::uint32_t origin) noexcept {
    pool& p = instance();
    std::lock_guard lock(p.mutex);
    p.identities[origin].store(pack(nobody), std::memory_order_release);
    p.free.push_back(origin);
}

void set_identity(std::uint32_t origin, node_identity identity) noexcept {
    instance().identities[origin].store(pack(identity), std::memory_order_release);
}

node_identity identity(std::uint32_t origin) noexcept {
    const std::uint64_t packed = instance().identities[origin & 0xff].load(std::memory_order_acquire);
    const auto name = static_cast<std::uint32_t>(packed >> 32);
    return name == 0 ? nobody : node_identity{atom::from_id(name), static_cast<std::uint32_t>(packed)};
}

}  // namespace rakka::etf::local_origin

void rakka::etf::replay::sort_origins() {
    auto& p = local_origin::instance();
    const std::lock_guard lock(p.mutex);
    std::sort(p.free.begin(), p.free.end());
}
