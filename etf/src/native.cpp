#include <rakka/etf/native.hpp>

namespace rakka::etf::detail {

void* native_object(term_view v, const std::type_info& type) noexcept {
    if (!is_box(v.word(), box::resource)) return nullptr;
    const word* const cells = pointer(v.word());
    const auto* const held = reinterpret_cast<const std::type_info*>(cells[resource_layout::type]);
    // By name where need be: a shared object may have a type_info of its own.
    return *held == type ? reinterpret_cast<void*>(cells[resource_layout::object]) : nullptr;
}

term finish_native(builder& b, word* cells, void* object, const std::type_info& type) noexcept {
    cells[0] = make_header(box::resource, resource_layout::words - 1);
    cells[resource_layout::type] = reinterpret_cast<word>(&type);
    cells[resource_layout::object] = reinterpret_cast<word>(object);
    return b.finish(boxed(cells));
}

}  // namespace rakka::etf::detail
