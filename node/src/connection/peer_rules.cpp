#include "connection/peer_rules.hpp"

#include "connection/allow_list.hpp"
#include "printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rakka::detail {
namespace {

constexpr std::string_view everybody = "*";

std::optional<std::set<std::string, std::less<>>> to_set(
    const std::optional<std::vector<std::string>>& texts) {
    if (!texts) return std::nullopt;
    return std::set<std::string, std::less<>>(texts->begin(), texts->end());
}

/// `module`, `module:function` or `module:function/arity`. The first colon and the last slash count: of an
/// operator, the function is everything between them.
bool is_function(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view module = text.substr(0, colon);
    if (module.empty()) return false;
    if (colon == std::string_view::npos) return module.find('/') == std::string_view::npos;
    const std::string_view function = text.substr(colon + 1);
    const std::size_t slash = function.rfind('/');
    if (slash == std::string_view::npos || slash == 0) return !function.empty();
    const std::string_view arity = function.substr(slash + 1);
    return !arity.empty() && arity.size() <= 3 &&
           std::all_of(arity.begin(), arity.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string explain_bad_functions(std::string_view field,
                                  const std::optional<std::vector<std::string>>& list) {
    if (!list) return {};
    for (const std::string& text : *list) {
        if (is_function(text)) continue;
        return fmt::format(
            "peer_rights::{} has \"{}\": write a module, module:function, or module:function/arity", field,
            printable(text));
    }
    return {};
}

}  // namespace

compiled_rights::compiled_rights(const peer_rights& r)
    : processes(r.processes),
      link(r.link),
      monitor(r.monitor),
      exit(r.exit),
      kernel(r.kernel),
      call_(to_set(r.call)),
      spawn_(to_set(r.spawn ? r.spawn : r.call)),
      send_to_(to_set(r.send_to)) {}

bool compiled_rights::has(const texts& allowed, term_view module, term_view function, std::size_t arity) {
    if (!allowed) return true;
    std::string text(module.atom_text());
    if (allowed->contains(text)) return true;
    text += ':';
    text += function.atom_text();
    if (allowed->contains(text)) return true;
    text += '/';
    text += std::to_string(arity);
    return allowed->contains(text);
}

bool compiled_rights::may_call(term_view module, term_view function, std::size_t arity) const {
    return has(call_, module, function, arity);
}

bool compiled_rights::may_spawn(term_view module, term_view function, std::size_t arity) const {
    return has(spawn_, module, function, arity);
}

bool compiled_rights::may_send_to(std::string_view name) const {
    return !send_to_ || send_to_->contains(name);
}

void peer_rules::set(const std::vector<peer_rule>& rules) {
    std::map<std::string, std::shared_ptr<const compiled_rights>, std::less<>> compiled;
    for (const peer_rule& r : rules)
        compiled[r.peer] = std::make_shared<const compiled_rights>(r.may);
    const std::lock_guard lock(mutex_);
    rules_ = std::move(compiled);
}

std::shared_ptr<const compiled_rights> peer_rules::of(const node_name& peer) const {
    const std::lock_guard lock(mutex_);
    for (const std::string_view about : {std::string_view(peer.text()), peer.host(), everybody})
        if (const auto it = rules_.find(about); it != rules_.end()) return it->second;
    return nullptr;
}

std::string explain_bad_rules(const std::vector<peer_rule>& rules) {
    std::set<std::string, std::less<>> seen;
    for (const peer_rule& r : rules) {
        if (r.peer != everybody)
            if (std::string p = explain_bad_allowed(r.peer); !p.empty()) return "peer_rule::peer: " + p;
        if (!seen.insert(r.peer).second)
            return fmt::format("there are two rules for \"{}\": make them one", printable(r.peer));
        if (std::string p = explain_bad_functions("call", r.may.call); !p.empty()) return p;
        if (std::string p = explain_bad_functions("spawn", r.may.spawn); !p.empty()) return p;
    }
    return {};
}

}  // namespace rakka::detail
