// Spawns on other nodes that wait for the answer.
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/spawn_option_terms.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <utility>

namespace rakka {
namespace {

bool is_proper_list(term_view t) noexcept {
    return t.is(kind::nil) || (t.is(kind::list) && t.list().proper());
}

/// Options may ask for a monitor as well.
bool has_monitor(term_view options) {
    if (!options.is(kind::list)) return false;
    for (const term_view o : options.list())
        if (o.is_atom(atoms::known<"monitor">) || o.is_tagged(atoms::known<"monitor">, 2)) return true;
    return false;
}

/// Stands for a process that could not be started because its node is out of reach.
monitored_process out_of_reach(const spawn_wishes& all) {
    const auto body = [] { exit(term(atoms::known<"noconnection">)); };
    spawn_options options = all.options;
    options.link = all.link;
    if (all.monitor) return spawn_monitor(body, options, all.monitoring);
    return {spawn(body, options), {}};
}

monitored_process spawn_there(atom node, atom module, atom function, term arguments, term options,
                              const spawn_wishes& want) {
    if (!options.has_value()) options = list();
    if (!is_proper_list(arguments) || !is_proper_list(options)) error(atoms::known<"badarg">);
    // A tag of its own: nothing else in the mailbox can be taken for the answer, nor the answer for anything.
    const term tag(make_reference());
    const reference ref =
        spawn_request(node, module, function, std::move(arguments),
                      {.link = want.link, .monitor = want.monitor, .reply_tag = tag, .more = options});
    const auto answer = receive_if(ref, [&](term_view m) {
        return m.is_tuple(4) && m.tuple()[0] == tag.view() && m.tuple()[1].as<reference>() == ref;
    });
    const term_view what = answer->tuple()[3];
    if (const auto child = what.as<pid>())
        return {*child, want.monitor || has_monitor(options) ? ref : reference()};
    if (what.is_atom(atoms::known<"noconnection">)) {
        // The options that nobody there has read must be good all the same.
        auto all = read_spawn_options(options);
        if (!all) error(atoms::known<"badarg">);
        all->link = all->link || want.link;
        all->monitor = all->monitor || want.monitor;
        return out_of_reach(*all);
    }
    error(what.is_atom(atoms::known<"badopt">) ? term(atoms::known<"badarg">) : answer->share(what));
}

}  // namespace

pid spawn(atom node, atom module, atom function, term arguments, term options) {
    return spawn_there(node, module, function, std::move(arguments), std::move(options), {}).pid;
}

pid spawn_link(atom node, atom module, atom function, term arguments, term options) {
    return spawn_there(node, module, function, std::move(arguments), std::move(options),
                       {.link = true, .monitor = false, .options = {}, .monitoring = {}})
        .pid;
}

monitored_process spawn_monitor(atom node, atom module, atom function, term arguments, term options) {
    return spawn_there(node, module, function, std::move(arguments), std::move(options),
                       {.link = false, .monitor = true, .options = {}, .monitoring = {}});
}

}  // namespace rakka
