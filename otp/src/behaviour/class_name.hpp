// The name of a C++ class, where Erlang has that of a callback module.
#pragma once

#include <rakka/etf/atom.hpp>

#include <typeinfo>

namespace rakka::detail {

/// Such as `shop::counter`, cut to what an atom holds. A class has one atom, made when it is first asked for.
/// Any thread.
[[nodiscard]] atom class_name(const std::type_info& type);

}  // namespace rakka::detail
