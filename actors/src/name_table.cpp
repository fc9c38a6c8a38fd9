#include "name_table.hpp"

#include <memory>

namespace rakka::detail {

name_table::~name_table() {
    for (auto& c : chunks_)
        delete c.load(std::memory_order_relaxed);
}

std::atomic<std::uint64_t>* name_table::place(atom name) const noexcept {
    const std::size_t i = name.id() / chunk_size;
    if (i >= chunk_count) return nullptr;
    chunk* const c = chunks_[i].load(std::memory_order_acquire);
    return c == nullptr ? nullptr : &(*c)[name.id() % chunk_size];
}

bool name_table::claim(atom name, holder h) {
    auto& slot = chunks_.at(name.id() / chunk_size);
    if (slot.load(std::memory_order_acquire) == nullptr) {
        auto fresh = std::make_unique<chunk>();
        chunk* expected = nullptr;
        if (slot.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) {
            static_cast<void>(fresh.release());
        }
    }
    std::uint64_t nobody = 0;
    return place(name)->compare_exchange_strong(nobody, pack(h), std::memory_order_acq_rel);
}

void name_table::release(atom name, holder h) noexcept {
    std::uint64_t expected = pack(h);
    if (auto* const p = place(name)) p->compare_exchange_strong(expected, 0, std::memory_order_acq_rel);
}

name_table::holder name_table::find(atom name) const noexcept {
    const auto* const p = place(name);
    if (p == nullptr) return {0, 0};
    const std::uint64_t packed = p->load(std::memory_order_acquire);
    return {static_cast<std::uint32_t>(packed >> 32), static_cast<std::uint32_t>(packed)};
}

std::vector<atom> name_table::names() const {
    std::vector<atom> out;
    for (std::size_t i = 0; i < chunk_count; ++i) {
        const chunk* const c = chunks_[i].load(std::memory_order_acquire);
        if (c == nullptr) continue;
        for (std::size_t j = 0; j < chunk_size; ++j) {
            if ((*c)[j].load(std::memory_order_acquire) != 0)
                out.push_back(atom::from_id(static_cast<std::uint32_t>(i * chunk_size + j)));
        }
    }
    return out;
}

}  // namespace rakka::detail
