#include "process_record.hpp"
#include "system_core.hpp"

#include <rakka/actors/aliases.hpp>

namespace rakka {

using namespace detail;

reference alias(const alias_options& options) {
    process& self = current_process();
    const reference ref = self.make_own_reference();
    self.relate().aliases.put(ref, options.reply ? alias_mode::reply : alias_mode::explicit_unalias);
    return ref;
}

bool unalias(const reference& ref) {
    process& self = current_process();
    // What was sent before must have had its effect: a reply may end the alias by itself.
    self.fetch();
    return self.related && self.related->aliases.erase(localised(*self.system, ref));
}

}  // namespace rakka
