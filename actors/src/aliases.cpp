#include "process_record.hpp"
#include "routing.hpp"
#include "system_core.hpp"

#include <rakka/actors/aliases.hpp>

namespace rakka {

using namespace detail;

reference alias(const alias_options& options) {
    process& self = current_process();
    if (options.priority) self.messages.allow_priority();
    const reference ref = self.make_own_reference();
    const alias_mode mode = options.reply ? alias_mode::reply : alias_mode::explicit_unalias;
    self.relate().aliases.put(ref, {mode, options.priority});
    self.pay();
    return ref;
}

bool unalias(const reference& ref) {
    process& self = current_process();
    // What was sent before must have had its effect: a reply may end the alias by itself.
    self.fetch();
    const bool was_active = self.related && self.related->aliases.erase(localised(*self.system, ref));
    self.pay();
    return was_active;
}

void exit(const reference& alias, term reason, const exit_options& options) {
    process& self = current_process();
    system_core& core = *self.system;
    const reference to = localised(core, alias);
    if (is_here(core, to)) {
        exit_alias_here(core, self.pid(), to, std::move(reason), options.priority);
        if (to.size == reference::max_words && to.words[3] == self.slot && to.words[4] == self.serial) {
            self.fetch();
            self.check_exit();
        }
    } else if (remote_router* const router = core.router.load(std::memory_order_acquire)) {
        obey(self, router->exit_alias(self.pid(), to, std::move(reason), options.priority));
    }
    self.pay();
}

}  // namespace rakka
