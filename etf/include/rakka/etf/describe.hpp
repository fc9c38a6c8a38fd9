// Structs and enums described with Boost.Describe as terms: maps by default, records or Elixir structs when
// told so.
//
//   struct user { int id = 0; std::string name; std::optional<int> age; };
//   BOOST_DESCRIBE_STRUCT(user, (), (id, name, age))          #{id => 1, name => <<"Ann">>, age => undefined}
//   RAKKA_RECORD(user, "user")                                {user, 1, <<"Ann">>, undefined}
//   RAKKA_ELIXIR_STRUCT(user, "Elixir.User")                  %User{id: 1, name: "Ann", age: nil}
//
// The RAKKA_ macros stand, like Boost's, in the namespace of the type. Reading a map: a key for every member
// that is not optional (errc::missing_key), and no others (errc::unknown_key).
#pragma once

#include <rakka/etf/conversion_path.hpp>
#include <rakka/etf/traits.hpp>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// A struct as a tuple with a tag in front: an Erlang record.
#define RAKKA_RECORD(Type, tag_text)                                          \
    [[maybe_unused]] constexpr ::rakka::etf::record_shape rakka_struct_shape( \
        ::rakka::etf::shape_of_type<Type>) noexcept {                         \
        return {tag_text};                                                    \
    }
/// A struct as an Elixir struct; the name is the module's atom: "Elixir.User".
#define RAKKA_ELIXIR_STRUCT(Type, module_text)                                \
    [[maybe_unused]] constexpr ::rakka::etf::elixir_shape rakka_struct_shape( \
        ::rakka::etf::shape_of_type<Type>) noexcept {                         \
        return {module_text};                                                 \
    }

namespace rakka::etf {

struct record_shape {
    std::string_view tag;
};
struct elixir_shape {
    std::string_view module;
};
struct map_shape {};

/// Finds the shape by argument-dependent lookup; a derived struct does not inherit its base's.
template <class T>
struct shape_of_type {};

template <class T>
concept described_struct = boost::describe::has_describe_members<T>::value && std::is_class_v<T>;
template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

namespace detail {

template <class T>
using members_of =
    boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;
template <class T>
inline constexpr std::size_t member_count = boost::mp11::mp_size<members_of<T>>::value;
template <class T, class Descriptor>
using member_type = std::remove_cvref_t<decltype(std::declval<T&>().*Descriptor::pointer)>;

template <class Members>
struct types_of_members;
template <template <class...> class List, class... Ds>
struct types_of_members<List<Ds...>> {
    template <class T>
    using type = type_list<member_type<T, Ds>...>;
};
template <described_struct T>
struct held_types<T> {
    using type = typename types_of_members<members_of<T>>::template type<T>;
};

template <class T>
constexpr auto shape_of() noexcept {
    if constexpr (requires { rakka_struct_shape(shape_of_type<T>{}); }) {
        return rakka_struct_shape(shape_of_type<T>{});
    } else {
        return map_shape{};
    }
}
template <class T>
inline constexpr bool is_elixir = std::same_as<decltype(shape_of<T>()), elixir_shape>;
template <class T>
inline constexpr bool is_record = std::same_as<decltype(shape_of<T>()), record_shape>;

/// The atom of a member's or enumerator's name, interned once.
template <class Descriptor>
atom name_atom() {
    static const atom name{std::string_view(Descriptor::name)};
    return name;
}
/// The record's tag or the Elixir module.
template <class T>
atom shape_atom() {
    static const atom name{[] {
        if constexpr (is_elixir<T>) {
            return shape_of<T>().module;
        } else {
            return shape_of<T>().tag;
        }
    }()};
    return name;
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T, class Function>
void for_each_member(Function&& f) {
    boost::mp11::mp_for_each<members_of<T>>(std::forward<Function>(f));
}

/// Goes on as long as the function gives true.
template <class T, class Function>
bool all_members(Function&& f) {
    bool going = true;
    for_each_member<T>([&](auto d) { going = going && f(d); });
    return going;
}

}  // namespace detail

template <described_enum T>
struct term_traits<T> {
    static constexpr std::size_t size(T) noexcept { return 0; }
    /// Throws std::domain_error for a value without a name.
    static detail::word write(builder&, T value) {
        atom name;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
            if (d.value == value) name = detail::name_atom<decltype(d)>();
        });
        if (!name) throw std::domain_error("rakka: an enum value without a name is not an Erlang term");
        return detail::make_atom(name.id());
    }
    static result<T> read(term_view v) {
        if (!v.is(kind::atom)) return make_error_code(errc::wrong_type);
        std::optional<T> out;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) {
            if (v.is_atom(detail::name_atom<decltype(d)>())) out = d.value;
        });
        if (!out) return make_error_code(errc::unknown_name);
        return *out;
    }
};

template <described_struct T>
struct term_traits<T> {
    static std::size_t size(const T& value) {
        std::size_t words = 4 + 2 * detail::member_count<T>;
        detail::for_each_member<T>(
            [&]<class D>(D) { words += term_traits<detail::member_type<T, D>>::size(value.*D::pointer); });
        return words;
    }

    static detail::word write(builder& b, const T& value) {
        if constexpr (detail::is_record<T>) {
            detail::word* cells = nullptr;
            const detail::word w = b.put_tuple(1 + detail::member_count<T>, cells);
            *cells++ = detail::make_atom(detail::shape_atom<T>().id());
            detail::for_each_member<T>([&]<class D>(D) { *cells++ = write_member<D>(b, value); });
            return w;
        } else {
            return write_map(b, value);
        }
    }

    static result<T> read(term_view v) {
        static_assert(std::is_default_constructible_v<T>,
                      "rakka: a struct read from a term needs a default constructor");
        T value{};
        const error_code error = detail::is_record<T> ? read_record(v, value) : read_map(v, value);
        if (error) return error;
        return value;
    }

    static void locate(term_view v, std::string& path) {
        std::size_t place = 0;
        detail::all_members<T>([&]<class D>(D) {
            const auto step = [] { return "." + std::string(D::name); };
            using member = detail::member_type<T, D>;
            if constexpr (detail::is_record<T>) {
                return !(v.is_tuple(1 + detail::member_count<T>) &&
                         detail::locate_part<member>(v.tuple()[++place], path, step));
            } else {
                if (!v.is(kind::map)) return false;
                const auto part = v.map().find(detail::name_atom<D>());
                if (part) return !detail::locate_part<member>(*part, path, step);
                if (!detail::is_optional<member>) path += step();
                return detail::is_optional<member>;
            }
        });
    }

private:
    template <class D>
    static detail::word write_member(builder& b, const T& value) {
        using member = detail::member_type<T, D>;
        if constexpr (detail::is_elixir<T> && detail::is_optional<member>) {
            if (!(value.*D::pointer)) return detail::make_atom(atoms::known<"nil">.id());
        }
        return term_traits<member>::write(b, value.*D::pointer);
    }

    static detail::word write_map(builder& b, const T& value) {
        constexpr std::size_t n = detail::member_count<T> + (detail::is_elixir<T> ? 1 : 0);
        detail::word* cells = nullptr;
        const detail::word w = b.put_map(n, cells);
        if constexpr (detail::is_elixir<T>) {
            cells[0] = detail::make_atom(atoms::known<"__struct__">.id());
            cells[n] = detail::make_atom(detail::shape_atom<T>().id());
            ++cells;
        }
        detail::for_each_member<T>([&]<class D>(D) {
            cells[0] = detail::make_atom(detail::name_atom<D>().id());
            cells[n] = write_member<D>(b, value);
            ++cells;
        });
        return *b.finish_map(w, builder::duplicates::last_wins);
    }

    template <class D>
    static bool read_member(term_view v, T& value, error_code& error) {
        auto read = term_traits<detail::member_type<T, D>>::read(v);
        if (read) {
            value.*D::pointer = std::move(*read);
        } else {
            error = read.error();
        }
        return read.has_value();
    }

    static error_code read_record(term_view v, T& value) {
        error_code error;
        if constexpr (detail::is_record<T>) {
            if (!v.is_tagged(detail::shape_atom<T>(), 1 + detail::member_count<T>)) return errc::wrong_type;
            std::size_t place = 0;
            detail::all_members<T>(
                [&]<class D>(D) { return read_member<D>(v.tuple()[++place], value, error); });
        }
        return error;
    }

    static error_code read_map(term_view v, T& value) {
        if (!v.is(kind::map)) return errc::wrong_type;
        const map_view m = v.map();
        std::size_t known = 0;
        if constexpr (detail::is_elixir<T>) {
            const auto module = m.find(atoms::known<"__struct__">);
            if (!module || !module->is_atom(detail::shape_atom<T>())) return errc::wrong_type;
            ++known;
        }
        error_code error;
        const bool all = detail::all_members<T>([&]<class D>(D) {
            const auto part = m.find(detail::name_atom<D>());
            if (part) {
                ++known;
                return read_member<D>(*part, value, error);
            }
            if (!detail::is_optional<detail::member_type<T, D>>) error = errc::missing_key;
            return !error;
        });
        if (all && known != m.size()) return errc::unknown_key;
        return error;
    }
};

}  // namespace rakka::etf
