// Registered names: an array indexed by atom, so that looking one up takes no lock.
#pragma once

#include <rakka/etf/atom.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rakka::detail {

struct process;

/// Name -> slot and serial. Any thread.
class name_table {
public:
    struct holder {
        std::uint32_t slot;
        std::uint32_t serial;
    };

    name_table() = default;
    ~name_table();
    name_table(const name_table&) = delete;
    name_table& operator=(const name_table&) = delete;

    /// False when taken. Throws std::bad_alloc.
    [[nodiscard]] bool claim(atom name, holder h);
    /// Only if `h` has it.
    void release(atom name, holder h) noexcept;
    /// serial 0 when nobody has it.
    [[nodiscard]] holder find(atom name) const noexcept;
    [[nodiscard]] std::vector<atom> names() const;

private:
    static constexpr std::size_t chunk_size = 1024;
    static constexpr std::size_t chunk_count = (atom::max_atoms + 1) / chunk_size + 1;
    using chunk = std::array<std::atomic<std::uint64_t>, chunk_size>;

    [[nodiscard]] std::atomic<std::uint64_t>* place(atom name) const noexcept;
    static constexpr std::uint64_t pack(holder h) noexcept { return std::uint64_t{h.slot} << 32 | h.serial; }

    std::array<std::atomic<chunk*>, chunk_count> chunks_{};
};

}  // namespace rakka::detail
