#include <rakka/etf/native.hpp>

#include <atomic>

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
    term t = b.finish(boxed(cells));
    cells[resource_layout::words] = reinterpret_cast<word>(t.owner());
    return t;
}

bool is_only_owner(const term& t, term_view v) noexcept {
    const word owner = pointer(v.word())[resource_layout::words];
    return reinterpret_cast<word>(t.owner()) == owner && t.owner()->unique();
}

namespace {
std::atomic<native_guard> around{nullptr};
}

void set_native_guard(native_guard guard) noexcept {
    around.store(guard, std::memory_order_release);
}

void destroy_native(void (*destroy)(void*), void* object) noexcept {
    if (const native_guard guard = around.load(std::memory_order_acquire)) {
        guard(destroy, object);
    } else {
        destroy(object);
    }
}

}  // namespace rakka::etf::detail
