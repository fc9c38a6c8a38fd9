// Looking into tuples, lists and maps without owning them.
#pragma once

#include <rakka/etf/term.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace rakka {

/// The elements of a tuple. Valid as long as the term it came from.
class tuple_view {
public:
    explicit tuple_view(const etf::detail::word* header) noexcept : header_(header) {}
    [[nodiscard]] std::size_t size() const noexcept { return etf::detail::header_size(*header_); }
    /// Element `i`, counted from 0 (Erlang's element/2 counts from 1). Precondition: i < size().
    [[nodiscard]] term_view operator[](std::size_t i) const noexcept {
        RAKKA_DCHECK(i < size());
        return term_view::from_word(header_[1 + i]);
    }

private:
    const etf::detail::word* header_;
};

/// A list, proper or not, walked from its head. The length is not stored (nor is it in Erlang).
class list_view {
public:
    explicit list_view(etf::detail::word w) noexcept : word_(w) {}

    class iterator {
    public:
        using value_type = term_view;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::forward_iterator_tag;
        iterator() noexcept = default;
        explicit iterator(const etf::detail::word* cell) noexcept : cell_(cell) { settle(); }
        term_view operator*() const noexcept { return term_view::from_word(*cell_); }
        iterator& operator++() noexcept {
            ++cell_;
            settle();
            return *this;
        }
        iterator operator++(int) noexcept {
            auto old = *this;
            ++*this;
            return old;
        }
        friend bool operator==(const iterator&, const iterator&) noexcept = default;
        [[nodiscard]] bool at_end() const noexcept {
            return !cell_ || *cell_ == etf::detail::list_end || *cell_ == etf::detail::list_tail;
        }
        friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept { return i.at_end(); }
        /// What follows the elements passed so far: the rest of the list; at the end nil, or an improper
        /// list's tail.
        [[nodiscard]] term_view rest() const noexcept {
            if (!cell_ || *cell_ == etf::detail::list_end)
                return term_view::from_word(etf::detail::special_nil);
            if (*cell_ == etf::detail::list_tail) return term_view::from_word(cell_[1]);
            return term_view::from_word(etf::detail::list_at(cell_));
        }

    private:
        void settle() noexcept {
            while (etf::detail::tag_of(*cell_) == etf::detail::tag::link)
                cell_ = etf::detail::pointer(*cell_);
        }
        const etf::detail::word* cell_ = nullptr;
    };

    [[nodiscard]] iterator begin() const noexcept {
        return empty() ? iterator{} : iterator{etf::detail::pointer(word_)};
    }
    [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
    [[nodiscard]] bool empty() const noexcept { return word_ == etf::detail::special_nil; }
    /// Number of elements before the tail: walks the list.
    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t n = 0;
        for (auto i = begin(); i != end(); ++i)
            ++n;
        return n;
    }
    /// True when the tail is nil: walks the list.
    [[nodiscard]] bool proper() const noexcept {
        auto i = begin();
        while (i != end())
            ++i;
        return i.rest().is(kind::nil);
    }
    /// Precondition: not empty. Erlang: hd/1, tl/1.
    [[nodiscard]] term_view head() const noexcept { return *begin(); }
    [[nodiscard]] term_view tail() const noexcept { return (++begin()).rest(); }

private:
    etf::detail::word word_;
};

/// The pairs of a map, in an order of their own (not Erlang's term order: sort where order matters).
class map_view {
public:
    explicit map_view(const etf::detail::word* header) noexcept : header_(header) {}
    [[nodiscard]] std::size_t size() const noexcept { return etf::detail::header_size(*header_); }
    [[nodiscard]] term_view key(std::size_t i) const noexcept { return term_view::from_word(header_[1 + i]); }
    [[nodiscard]] term_view value(std::size_t i) const noexcept {
        return term_view::from_word(header_[1 + size() + i]);
    }
    /// The value under `key` by exact equality (`=:=`), or nothing. Logarithmic. Erlang: maps:find/2.
    [[nodiscard]] std::optional<term_view> find(term_view key) const noexcept;

    class iterator {
    public:
        using value_type = std::pair<term_view, term_view>;
        using difference_type = std::ptrdiff_t;
        iterator(const map_view* map, std::size_t i) noexcept : map_(map), i_(i) {}
        value_type operator*() const noexcept { return {map_->key(i_), map_->value(i_)}; }
        iterator& operator++() noexcept {
            ++i_;
            return *this;
        }
        friend bool operator==(const iterator&, const iterator&) noexcept = default;

    private:
        const map_view* map_;
        std::size_t i_;
    };
    /// Iterators borrow the map_view itself.
    [[nodiscard]] iterator begin() const noexcept { return {this, 0}; }
    [[nodiscard]] iterator end() const noexcept { return {this, size()}; }

private:
    const etf::detail::word* header_;
};

inline tuple_view term_view::tuple() const noexcept {
    RAKKA_DCHECK(is(rakka::kind::tuple));
    return tuple_view(etf::detail::pointer(word_));
}
inline list_view term_view::list() const noexcept {
    RAKKA_DCHECK(is(rakka::kind::nil) || is(rakka::kind::list));
    return list_view(word_);
}
inline map_view term_view::map() const noexcept {
    RAKKA_DCHECK(is(rakka::kind::map));
    return map_view(etf::detail::pointer(word_));
}
inline bool term_view::is_tagged(atom name, std::size_t arity) const noexcept {
    return arity > 0 && is_tuple(arity) && tuple_view(etf::detail::pointer(word_))[0].is_atom(name);
}
inline tuple_view term::tuple() const& noexcept {
    return view().tuple();
}
inline list_view term::list() const& noexcept {
    return view().list();
}
inline map_view term::map() const& noexcept {
    return view().map();
}

}  // namespace rakka
