#include <rakka/actors/errc.hpp>
#include <rakka/actors/exports.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/otp/server_name.hpp>

namespace rakka {
namespace {

const atom global_module = "global"_a;

/// What an exported function of the name's module gives; no value when the module does not export it.
term call_module(const registry_name& name, atom function, const std::vector<term>& arguments) {
    const auto f = this_system().exports().find(name.module, function, arguments.size());
    return f ? (*f)(arguments) : term();
}

}  // namespace

term registry_name::to_term() const {
    if (module == global_module) return tuple(module, name);
    return tuple("via"_a, module, name);
}

registry_name global_name(term name) {
    return {global_module, std::move(name)};
}

registry_name via(atom module, term name) {
    return {module, std::move(name)};
}

std::optional<pid> whereis(const registry_name& name) {
    const auto found = call_module(name, "whereis_name"_a, {name.name}).as<pid>();
    return found ? std::optional(*found) : std::nullopt;
}

term server_name::to_term() const {
    if (const registry_name* const name = kept()) return name->to_term();
    return local() ? term(local()) : term(self());
}

std::optional<destination> server_ref::resolve() const {
    return std::visit(
        [](const auto& to) -> std::optional<destination> {
            if constexpr (std::is_same_v<std::decay_t<decltype(to)>, registry_name>) {
                if (const auto found = whereis(to)) return *found;
                return std::nullopt;
            } else {
                return to;
            }
        },
        to_);
}

term server_ref::to_term() const {
    return std::visit(
        [](const auto& to) -> term {
            if constexpr (std::is_same_v<std::decay_t<decltype(to)>, registry_name>) {
                return to.to_term();
            } else {
                return rakka::to_term(destination(to));
            }
        },
        to_);
}

namespace detail {
namespace {

std::optional<term> take_local(atom name) {
    for (;;) {
        const auto done = register_name(name, self());
        if (done) return std::nullopt;
        if (done.error() != actors_errc::name_taken) return term(atoms::known<"badarg">);
        if (const auto holder = whereis(name)) return term(tuple(atoms::known<"already_started">, *holder));
        yield();  // free again by now, or just about to be
    }
}

std::optional<term> take_kept(const registry_name& name) {
    // A keeper that says no while nobody has the name may be about to free it, or never give it: as gen:start
    // does, the start then fails with a holder that is not known.
    constexpr int tries = 3;
    for (int left = tries;; --left) {
        const term answer = call_module(name, "register_name"_a, {name.name, term(self())});
        if (answer.is_atom(atoms::known<"yes">) || answer.is_atom(atoms::known<"true">)) return std::nullopt;
        if (!answer.has_value())
            return term(tuple(atoms::known<"undef">, tuple(name.module, "register_name"_a, 2)));
        if (const auto holder = whereis(name)) return term(tuple(atoms::known<"already_started">, *holder));
        if (left <= 1) return term(tuple(atoms::known<"already_started">, atoms::known<"undefined">));
        yield();
    }
}

}  // namespace

std::optional<term> take_name(const server_name& name) {
    if (const registry_name* const kept = name.kept()) return take_kept(*kept);
    return name.local() ? take_local(name.local()) : std::nullopt;
}

void give_up_name(const server_name& name) noexcept {
    try {
        if (const registry_name* const kept = name.kept()) {
            static_cast<void>(call_module(*kept, "unregister_name"_a, {kept->name}));
        } else if (name.local() && whereis(name.local()) == self()) {
            static_cast<void>(unregister_name(name.local()));
        }
    } catch (...) {  // the process ends anyway, and its name with it
        static_cast<void>(0);
    }
}

std::optional<pid> holder_of(const server_name& name) {
    if (const registry_name* const kept = name.kept()) return whereis(*kept);
    return name.local() ? whereis(name.local()) : std::nullopt;
}

}  // namespace detail
}  // namespace rakka
