// The Erlang term: an immutable value of 16 bytes, and term_view, which borrows one.
#pragma once

#include <rakka/base/result.hpp>
#include <rakka/etf/arena.hpp>
#include <rakka/etf/atom.hpp>
#include <rakka/etf/borrowing.hpp>
#include <rakka/etf/errc.hpp>
#include <rakka/etf/identifiers.hpp>
#include <rakka/etf/word.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace rakka {

class term;

/// What a term is. A bit string whose length is a whole number of bytes is a `binary`.
enum class kind : std::uint8_t {
    none,
    integer,
    real,
    atom,
    reference,
    fun,
    port,
    pid,
    tuple,
    record,
    map,
    nil,
    list,
    binary,
    bitstring,
    resource
};

/// `T` has etf::term_traits: it can be made into a term, and read from one.
namespace etf {
template <class T>
struct term_traits;
}

/// A borrowed term: eight bytes, no ownership, like std::string_view. Valid as long as the term it was taken
/// from (or any term sharing its arena) lives. Trivially copyable; every function: any thread.
class term_view {
public:
    constexpr term_view() noexcept = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a view of an atom is that atom
    constexpr term_view(atom a) noexcept : word_(etf::detail::make_atom(a.id())) {}
    static constexpr term_view from_word(etf::detail::word w) noexcept {
        term_view v;
        v.word_ = w;
        return v;
    }
    [[nodiscard]] constexpr etf::detail::word word() const noexcept { return word_; }

    [[nodiscard]] rakka::kind kind() const noexcept;
    [[nodiscard]] bool is(rakka::kind k) const noexcept { return kind() == k; }
    [[nodiscard]] constexpr bool has_value() const noexcept { return word_ != etf::detail::no_word; }

    /// Cheap tests for the shapes that messages have. An atom kept out of the table (a foreign one) equals by
    /// text.
    [[nodiscard]] bool is_atom(atom a) const noexcept {
        return word_ == etf::detail::make_atom(a.id()) || (is_foreign_atom() && atom_text() == a.text());
    }
    [[nodiscard]] bool is_foreign_atom() const noexcept {
        return etf::detail::is_box(word_, etf::detail::box::foreign_atom);
    }
    [[nodiscard]] bool is_tuple(std::size_t arity) const noexcept {
        return etf::detail::tag_of(word_) == etf::detail::tag::boxed &&
               *etf::detail::pointer(word_) == etf::detail::make_header(etf::detail::box::tuple, arity);
    }
    /// A tuple of this arity whose first element is `name`.
    [[nodiscard]] bool is_tagged(atom name, std::size_t arity) const noexcept;

    /// Conversions. errc::wrong_type when the term is of another kind, errc::out_of_range when the number
    /// does not fit. For the types with term_traits: arithmetic, bool, std::string(_view), atom, pid, …,
    /// containers, described structs.
    template <class T>
    [[nodiscard]] result<T> as() const {
        return etf::term_traits<T>::read(*this);
    }

    // The accessors below are for a kind that has been checked; calling one on another kind breaks a
    // precondition.
    [[nodiscard]] std::string_view atom_text() const noexcept;  ///< an atom's text, foreign or not
    [[nodiscard]] tuple_view tuple() const noexcept;
    [[nodiscard]] list_view list() const noexcept;  ///< nil or list
    [[nodiscard]] map_view map() const noexcept;
    [[nodiscard]] std::span<const std::byte> bytes()
        const noexcept;  ///< binary or bitstring; the last byte may be partial
    [[nodiscard]] std::size_t bit_size() const noexcept;  ///< binary or bitstring

    /// Text as Erlang's `~p` prints it, on one line (`~0p`). See print.hpp for line breaks and limits.
    [[nodiscard]] std::string to_string() const;

    /// Exact equality (`=:=`). [protocol: term order]
    friend bool operator==(term_view a, term_view b) noexcept;

private:
    etf::detail::word word_ = etf::detail::no_word;
};

/// An owned term: a word and a share of the arena that holds what the word points at. Immediates own nothing.
/// Moving is two words; copying adds a reference to the arena. Distinct objects: any thread; the value itself
/// never changes.
class term {
public:
    /// No term: has_value() is false. Nothing in Erlang is like it; it cannot be sent.
    constexpr term() noexcept = default;
    // NOLINTBEGIN(google-explicit-constructor): these are the terms they look like
    constexpr term(atom a) noexcept : word_(etf::detail::make_atom(a.id())) {}
    term(const pid& p);
    term(const reference& r);
    template <class T>
    requires requires(const T& v) { etf::term_traits<T>::size(v); }
    term(const T& value);
    // NOLINTEND(google-explicit-constructor)

    /// Takes over one reference to `owner` (null for immediates and static terms).
    term(etf::detail::word w, etf::detail::arena* owner) noexcept : word_(w), arena_(owner) {}
    term(const term& other) noexcept : word_(other.word_), arena_(other.arena_) {
        if (arena_) arena_->retain();
    }
    term(term&& other) noexcept
        : word_(std::exchange(other.word_, etf::detail::no_word)),
          arena_(std::exchange(other.arena_, nullptr)) {}
    term& operator=(term other) noexcept {
        std::swap(word_, other.word_);
        std::swap(arena_, other.arena_);
        return *this;
    }
    ~term() {
        if (arena_) arena_->release();
    }

    // NOLINTNEXTLINE(google-explicit-constructor): a term may be viewed
    operator term_view() const& noexcept { return term_view::from_word(word_); }
    operator term_view() const&& = delete;  // the view would dangle
    /// Of a temporary: valid to the end of the expression it stands in.
    [[nodiscard]] term_view view() const noexcept { return term_view::from_word(word_); }
    /// `part`, a view into this term, as a term of its own that shares this one's memory. No copy.
    [[nodiscard]] term share(term_view part) const noexcept {
        if (etf::detail::is_immediate(part.word())) return {part.word(), nullptr};
        if (arena_) arena_->retain();
        return {part.word(), arena_};
    }
    /// The same, with this one's own hold on the memory, so that no reference is counted: this term is empty
    /// afterwards, unless `part` is an immediate.
    [[nodiscard]] term narrowed(term_view part) && noexcept {
        if (etf::detail::is_immediate(part.word())) return {part.word(), nullptr};
        word_ = etf::detail::no_word;
        return {part.word(), std::exchange(arena_, nullptr)};
    }
    /// A deep copy of `v` in one allocation of just its size: lets go of a large message of which only `v` is
    /// needed.
    [[nodiscard]] static term copy(term_view v);

    [[nodiscard]] bool has_value() const noexcept { return word_ != etf::detail::no_word; }
    [[nodiscard]] rakka::kind kind() const noexcept { return view().kind(); }
    [[nodiscard]] bool is(rakka::kind k) const noexcept { return view().is(k); }
    [[nodiscard]] bool is_atom(atom a) const noexcept { return view().is_atom(a); }
    [[nodiscard]] bool is_tuple(std::size_t arity) const noexcept { return view().is_tuple(arity); }
    [[nodiscard]] bool is_tagged(atom name, std::size_t arity) const noexcept {
        return view().is_tagged(name, arity);
    }
    /// As term_view::as. What borrows from the term (std::string_view, term_view, a struct with such a
    /// member) is not read from a temporary: give the term a name that lives as long.
    template <class T>
    [[nodiscard]] result<T> as() const& {
        return view().as<T>();
    }
    template <class T>
    [[nodiscard]] result<T> as() const&& {
        return view().as<T>();
    }
    template <etf::borrowing T>
    result<T> as() const&& = delete;
    [[nodiscard]] tuple_view tuple() const& noexcept;
    [[nodiscard]] list_view list() const& noexcept;
    [[nodiscard]] map_view map() const& noexcept;
    tuple_view tuple() const&& = delete;  // these would dangle
    list_view list() const&& = delete;
    map_view map() const&& = delete;
    [[nodiscard]] std::string to_string() const { return view().to_string(); }

    [[nodiscard]] etf::detail::word word() const noexcept { return word_; }
    [[nodiscard]] etf::detail::arena* owner() const noexcept { return arena_; }
    /// Gives up the arena reference to the caller; the term is then empty.
    [[nodiscard]] std::pair<etf::detail::word, etf::detail::arena*> release() noexcept {
        return {std::exchange(word_, etf::detail::no_word), std::exchange(arena_, nullptr)};
    }

    friend bool operator==(const term& a, const term& b) noexcept { return a.view() == b.view(); }
    friend bool operator==(const term& a, term_view b) noexcept { return a.view() == b; }

private:
    etf::detail::word word_ = etf::detail::no_word;
    etf::detail::arena* arena_ = nullptr;
};

}  // namespace rakka

#include <rakka/etf/aggregates.hpp>  // IWYU pragma: export
