#include "atom_table.hpp"
#include "utf8.hpp"

#include <rakka/base/check.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/errc.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstring>
#include <mutex>

namespace rakka {
namespace etf::detail {

constinit std::atomic<atom_entry*> atom_segment[atom_segments]{};
constinit std::atomic<const atom_index*> current_atom_index{nullptr};
constinit std::atomic<std::size_t> most_atoms_from_outside{atom::max_from_outside};

namespace {

/// Everything that changes the table. Nothing is ever freed: atoms outlive static objects.
class table_writer {
public:
    static table_writer& instance() {
        static table_writer* const self = new table_writer;
        return *self;
    }

    result<atom> add(std::string_view text, std::uint64_t hash) {
        std::lock_guard lock(mutex_);
        if (const std::uint32_t id = find_atom(text, hash)) return atom::from_id(id);
        if (count() >= atom::max_atoms) return errc::atom_table_full;
        return atom::from_id(append(text, hash));
    }

    std::size_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    table_writer() {
        index_ = make_index(4096, nullptr);
        entries_ = new atom_entry[atom_segment_size];
        entries_[0] = {0, 0, keep({})};  // no atom
        for (const std::string_view text : atoms::detail::table)
            append(text, hash_atom(text));
        atom_segment[0].store(entries_,
                              std::memory_order_release);  // now, and not before, others may see the table
        publish(index_);
    }

    std::uint32_t append(std::string_view text, std::uint64_t hash) {
        const auto id = static_cast<std::uint32_t>(count()) + 1;
        if (id % atom_segment_size == 0) {
            entries_ = new atom_entry[atom_segment_size];
            atom_segment[id >> atom_segment_bits].store(entries_, std::memory_order_release);
        }
        entries_[id % atom_segment_size] = {hash, static_cast<std::uint32_t>(text.size()), keep(text)};
        count_.store(id, std::memory_order_relaxed);
        if (id * 2 > index_->mask) {
            grow();
        } else {
            put(*index_, hash, id);
        }
        return id;
    }

    /// Texts lie one behind the other, each behind its header, in large pieces of memory that are never
    /// freed.
    const char* keep(std::string_view text) {
        const std::size_t size = std::max(atom_header_size + text.size(), atom_room);
        if (room_ < size) {
            room_ = std::size_t{1} << 16;
            next_ = new char[room_]();
        }
        char* const header = next_;
        header[0] = static_cast<char>(external_tag::small_atom_utf8);
        header[1] = static_cast<char>(text.size());  // read for short texts only
        std::copy(text.begin(), text.end(), header + atom_header_size);
        next_ += size;
        room_ -= size;
        return header + atom_header_size;
    }

    static atom_index* make_index(std::size_t slots, const atom_index* replaced) {
        return new atom_index{slots - 1, new std::atomic<std::uint64_t>[slots](), replaced};
    }

    void publish(atom_index* index) noexcept {
        index_ = index;
        current_atom_index.store(index, std::memory_order_release);
    }

    void grow() {
        atom_index* const bigger = make_index((index_->mask + 1) * 4, index_);
        for (std::uint32_t id = 1; id <= count(); ++id)
            put(*bigger, entry_of_atom(id).hash, id);
        publish(bigger);
    }

    static void put(const atom_index& index, std::uint64_t hash, std::uint32_t id) noexcept {
        std::size_t i = hash & index.mask;
        while (index.slots[i].load(std::memory_order_relaxed) != 0)
            i = (i + 1) & index.mask;
        index.slots[i].store((hash >> 32) << 32 | id, std::memory_order_release);
    }

    std::mutex mutex_;  // guards everything below but count_
    std::atomic<std::size_t> count_{0};
    atom_index* index_ = nullptr;
    atom_entry* entries_ = nullptr;  // the segment being filled
    char* next_ = nullptr;
    std::size_t room_ = 0;
};

}  // namespace

void make_atom_table() {
    (void)table_writer::instance();
}

}  // namespace etf::detail

using etf::errc;

atom::atom(std::string_view utf8) : atom(make(utf8).value()) {}

result<atom> atom::make(std::string_view utf8) {
    const std::uint64_t hash = etf::detail::hash_atom(utf8);
    if (const std::uint32_t id = etf::detail::find_atom(utf8, hash)) return from_id(id);
    const auto characters = etf::detail::count_utf8(utf8);
    if (!characters) return errc::bad_utf8;
    if (*characters > max_characters) return errc::atom_too_long;
    return etf::detail::table_writer::instance().add(utf8, hash);
}

std::optional<atom> atom::existing(std::string_view utf8) noexcept {
    const std::uint32_t id = etf::detail::find_atom(utf8, etf::detail::hash_atom(utf8));
    return id ? std::optional(from_id(id)) : std::nullopt;
}

std::size_t atom::count() noexcept {
    return etf::detail::table_writer::instance().count();
}

std::string_view atom::text() const noexcept {
    return id_ == 0 ? std::string_view{} : etf::detail::text_of_atom(id_);
}

}  // namespace rakka
