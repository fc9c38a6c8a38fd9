#include "system_core.hpp"
#include "system_log.hpp"

#include <rakka/actors/layers.hpp>

#include <mutex>
#include <utility>

namespace rakka {

using namespace detail;

void add_part(system& s, const std::shared_ptr<system_part>& part) {
    layer_state& all = s.core().layers;
    const std::lock_guard lock(all.mutex);
    std::erase_if(all.parts, [](const auto& p) { return p.expired(); });
    all.parts.push_back(part);
}

std::vector<std::shared_ptr<system_part>> parts_of(system& s) {
    layer_state& all = s.core().layers;
    std::vector<std::shared_ptr<system_part>> out;
    const std::lock_guard lock(all.mutex);
    for (const auto& weak : all.parts)
        if (auto part = weak.lock()) out.push_back(std::move(part));
    return out;
}

void set_stop_handler(system& s, std::function<void(const stop_request&)> handler) {
    auto shared = handler
                      ? std::make_shared<const std::function<void(const stop_request&)>>(std::move(handler))
                      : nullptr;
    layer_state& all = s.core().layers;
    const std::lock_guard lock(all.mutex);
    all.stop_handler.swap(shared);  // the old one goes after the lock
}

bool request_stop(system& s, const stop_request& request) {
    layer_state& all = s.core().layers;
    std::unique_lock lock(all.mutex);
    const auto handler = all.stop_handler;
    lock.unlock();
    if (!handler) return false;
    (*handler)(request);
    return true;
}

void report(system& s, log_level level, std::string text) noexcept {
    tell(s.core(), {level, {}, std::move(text)});
}

std::shared_ptr<void> detail::attachment(system& s, std::type_index key,
                                         std::shared_ptr<void> (*make)(system& s)) {
    layer_state& all = s.core().layers;
    {
        const std::lock_guard lock(all.mutex);
        if (const auto at = all.attachments.find(key); at != all.attachments.end()) return at->second;
    }
    auto made = make(s);  // which may ask for another one
    const std::lock_guard lock(all.mutex);
    return all.attachments.try_emplace(key, std::move(made)).first->second;
}

}  // namespace rakka
