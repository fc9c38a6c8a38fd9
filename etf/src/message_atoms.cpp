#include <rakka/etf/encode.hpp>

namespace rakka::etf {

std::optional<std::uint8_t> message_atoms::index_of(atom a) noexcept {
    std::size_t i = a.id() * 0x9E3779B1u >> 23;  // the top nine bits
    for (; slots_[i].round == round_; i = (i + 1) % slots_.size())
        if (slots_[i].id == a.id()) return static_cast<std::uint8_t>(slots_[i].index);
    if (count_ == max) return std::nullopt;
    const auto index = static_cast<std::uint8_t>(count_);
    slots_[i] = {a.id(), round_ & 0xffffff, index};
    atoms_[count_++] = a;
    return index;
}

void message_atoms::clear() noexcept {
    count_ = 0;
    if (++round_ == 1u << 24) {
        slots_.fill({});
        round_ = 1;
    }
}

}  // namespace rakka::etf
