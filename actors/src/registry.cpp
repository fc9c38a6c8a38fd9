#include "process_record.hpp"
#include "system_core.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/etf/known_atoms.hpp>

namespace rakka {

using namespace detail;

// Who registers writes the name into the table first and into the process's identity second; who ends takes
// it out of the table first and clears the identity second. A name in an identity alone is on its way out,
// one in the table alone on its way in, or taken back because its process has just ended.

result<void> system::register_name(atom name, const pid& p) {
    system_core& core = *core_;
    if (!name || name == atoms::known<"undefined">) return actors_errc::bad_name;
    const pid who = localised(core, p);
    process* const target = is_here(core, who) ? find_alive(core, who) : nullptr;
    if (target == nullptr) return actors_errc::no_process;
    if (!core.names.claim(name, {who.id, who.serial})) return actors_errc::name_taken;
    std::uint64_t nameless = std::uint64_t{who.serial} << 32;
    if (target->identity.compare_exchange_strong(nameless, nameless | name.id(), std::memory_order_acq_rel))
        return {};
    core.names.release(name, {who.id, who.serial});
    return nameless >> 32 == who.serial ? actors_errc::already_named : actors_errc::no_process;
}

result<void> system::unregister_name(atom name) {
    system_core& core = *core_;
    const auto holder = core.names.find(name);
    process* const target = holder.serial == 0 ? nullptr : core.table.find(holder.slot);
    if (target == nullptr) return actors_errc::no_such_name;
    const std::uint64_t nameless = std::uint64_t{holder.serial} << 32;
    std::uint64_t named = nameless | name.id();
    if (!target->identity.compare_exchange_strong(named, nameless, std::memory_order_acq_rel))
        return actors_errc::no_such_name;
    core.names.release(name, holder);
    return {};
}

std::optional<pid> system::whereis(atom name) const noexcept {
    const auto holder = core_->names.find(name);
    if (holder.serial == 0) return std::nullopt;
    const pid found{{}, holder.slot, holder.serial, core_->origin};
    if (find_alive(*core_, found) == nullptr) return std::nullopt;
    return found;
}

std::vector<atom> system::registered() const {
    return core_->names.names();
}

// Reading pays as well: a process may wait for a name in a loop.

result<void> register_name(atom name, const pid& who) {
    current_process().pay();
    return this_system().register_name(name, who);
}
result<void> unregister_name(atom name) {
    current_process().pay();
    return this_system().unregister_name(name);
}
std::optional<pid> whereis(atom name) {
    current_process().pay();
    return this_system().whereis(name);
}
std::vector<atom> registered() {
    current_process().pay();
    return this_system().registered();
}

}  // namespace rakka
