#include "inspection/process_items.hpp"

#include "services/rpc_calls.hpp"

#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace rakka::detail {
namespace {

/// An atom has at most 255 characters; names of templates have more.
atom atom_of_name(std::string_view name) {
    std::string text(name.substr(0, 200));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }, '?');
    return atom(text);
}

struct parts_of_name {
    std::size_t scope_end = std::string_view::npos;  // where the last `::` outside of brackets begins
    std::size_t parameters = std::string_view::npos;
};

parts_of_name take_apart(std::string_view name) {
    constexpr std::string_view anonymous = "(anonymous namespace)";
    parts_of_name found;
    int depth = 0;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name.substr(i).starts_with(anonymous)) {
            i += anonymous.size() - 1;
            continue;
        }
        const char c = name[i];
        if (c == '(' && depth == 0) found.parameters = i;
        if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
        if (c == '>' || c == ')' || c == '}' || c == ']') --depth;
        if (depth == 0 && name.substr(i).starts_with("::")) {
            found.scope_end = i++;
            found.parameters = std::string_view::npos;
        }
    }
    return found;
}

/// Of a list in brackets, `(int, std::pair<int, int>)`.
std::size_t count_parameters(std::string_view list) {
    if (list.starts_with("()")) return 0;
    std::size_t n = 1;
    int depth = 0;
    for (const char c : list) {
        if (c == '<' || c == '(' || c == '{' || c == '[') ++depth;
        if (c == '>' || c == ')' || c == '}' || c == ']') --depth;
        if (depth == 0) break;
        if (c == ',' && depth == 1) ++n;
    }
    return n;
}

term monitor_list(const std::vector<monitor_target>& targets) {
    std::vector<term> all;
    for (const monitor_target& t : targets) {
        term what = std::visit(
            [](const auto& v) -> term {
                if constexpr (std::is_same_v<std::decay_t<decltype(v)>, registered_name>)
                    return tuple(v.name, v.node);
                else
                    return v;
            },
            t);
        all.emplace_back(tuple(atoms::known<"process">, std::move(what)));
    }
    return to_list(all);
}

term dictionary_list(const process_information& i) {
    std::vector<term> all;
    for (const auto& [key, value] : i.dictionary)
        all.emplace_back(tuple(key, value));
    return to_list(all);
}

term dictionary_value(const process_information& i, term_view key) {
    for (const auto& [k, value] : i.dictionary)
        if (k == key) return value;
    return atoms::known<"undefined">;
}

atom priority_atom(process_priority p) {
    switch (p) {
        case process_priority::low:
            return "low"_a;
        case process_priority::high:
            return "high"_a;
        case process_priority::max:
            return "max"_a;
        default:
            return atoms::known<"normal">;
    }
}

atom status_atom(process_status s) {
    switch (s) {
        case process_status::waiting:
            return "waiting"_a;
        case process_status::exiting:
            return "exiting"_a;
        default:
            return "running"_a;
    }
}

/// There is no collector, and no heap to limit.
term no_max_heap() {
    return map("error_logger"_a, false, "kill"_a, false, "size"_a, 0);
}
term no_collections() {
    return list(tuple("max_heap_size"_a, no_max_heap()), tuple("min_bin_vheap_size"_a, 0),
                tuple("min_heap_size"_a, 0), tuple("fullsweep_after"_a, 0), tuple("minor_gcs"_a, 0));
}
term no_collection_info() {
    std::vector<term> all;
    for (const char* const name : {"old_heap_block_size", "heap_block_size", "mbuf_size", "recent_size",
                                   "stack_size", "old_heap_size", "heap_size", "bin_vheap_size",
                                   "bin_vheap_block_size", "bin_old_vheap_size", "bin_old_vheap_block_size"})
        all.emplace_back(tuple(atom(name), 0));
    return to_list(all);
}

/// With a place in no source file, as of code without line numbers.
term stack_entry(const process_information& i) {
    const term mfa = mfa_of(i.current_function);
    if (!mfa.is_tuple(3)) return {};
    const auto p = mfa.tuple();
    return tuple(mfa.share(p[0]), mfa.share(p[1]), mfa.share(p[2]), list());
}
term stack_trace(const process_information& i) {
    const term top = stack_entry(i);
    return top.has_value() ? term(list(top)) : term(list());
}
term location(const process_information& i) {
    term top = stack_entry(i);
    return top.has_value() ? top : term(atoms::known<"undefined">);
}

term zero(const process_information&) {
    return 0;
}
term nothing(const process_information&) {
    return list();
}
term no(const process_information&) {
    return atoms::known<"false">;
}
term pids(const std::vector<pid>& all) {
    return term(all);
}

using item_value = term (*)(const process_information&);
using info = const process_information&;
using items = std::vector<std::pair<atom, item_value>>;

items own_items() {
    return {
        {"current_function"_a, [](info i) { return mfa_of(i.current_function); }},
        {"current_location"_a, location},
        {"current_stacktrace"_a, stack_trace},
        {"dictionary"_a, dictionary_list},
        {"group_leader"_a, [](info i) { return term(i.group_leader); }},
        {"initial_call"_a, [](info i) { return mfa_of(i.initial_call); }},
        {"label"_a, [](info i) { return i.label.has_value() ? i.label : term(atoms::known<"undefined">); }},
        {"links"_a, [](info i) { return pids(i.links); }},
        {"memory"_a, [](info i) { return term(i.memory); }},
        {"message_queue_len"_a, [](info i) { return term(i.message_queue_len); }},
        {"monitored_by"_a, [](info i) { return pids(i.monitored_by); }},
        {"monitors"_a, [](info i) { return monitor_list(i.monitors); }},
        {"parent"_a, [](info i) { return i.parent ? term(*i.parent) : term(atoms::known<"undefined">); }},
        {"priority"_a, [](info i) { return term(priority_atom(i.priority)); }},
        {"reductions"_a, [](info i) { return term(i.reductions); }},
        {"registered_name"_a, [](info i) { return i.registered_name ? term(i.registered_name) : list(); }},
        {"status"_a, [](info i) { return term(status_atom(i.status)); }},
        {"trap_exit"_a, [](info i) { return term(i.trap_exit); }},
        {"backtrace"_a, [](info i) { return term("current function: " + i.current_function + "\n"); }},
    };
}

/// What is of the machine inside a BEAM.
items foreign_items() {
    return {
        {"async_dist"_a, no},
        {"binary"_a, nothing},
        {"catchlevel"_a, zero},
        {"error_handler"_a, [](info) { return term(atoms::known<"undefined">); }},
        {"fullsweep_after"_a, zero},
        {"garbage_collection"_a, [](info) { return no_collections(); }},
        {"garbage_collection_info"_a, [](info) { return no_collection_info(); }},
        {"heap_size"_a, zero},
        {"last_calls"_a, no},
        {"max_heap_size"_a, [](info) { return no_max_heap(); }},
        // Each message has memory of its own.
        {"message_queue_data"_a, [](info) { return term("off_heap"_a); }},
        {"min_bin_vheap_size"_a, zero},
        {"min_heap_size"_a, zero},
        {"sequential_trace_token"_a,
         [](info i) {
             return i.sequential_trace_token.has_value() ? i.sequential_trace_token : term(list());
         }},
        {"stack_size"_a, zero},
        {"suspending"_a, nothing},
        {"total_heap_size"_a, zero},
        {"trace"_a, zero},
    };
}

const items& all_items() {
    static const items all = [] {
        items found = own_items();
        const items more = foreign_items();
        found.insert(found.end(), more.begin(), more.end());
        return found;
    }();
    return all;
}

const items::value_type* find_item(term_view name) {
    const auto& all = all_items();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const auto& i) { return name.is_atom(i.first); });
    return at == all.end() ? nullptr : &*at;
}

}  // namespace

term mfa_of(std::string_view cpp_name) {
    if (cpp_name.empty()) return atoms::known<"undefined">;
    const parts_of_name at = take_apart(cpp_name);
    const bool scoped = at.scope_end != std::string_view::npos;
    const std::size_t begin = scoped ? at.scope_end + 2 : 0;
    const bool has_list = at.parameters != std::string_view::npos && at.parameters > begin;
    const std::string_view name = cpp_name.substr(begin, has_list ? at.parameters - begin : cpp_name.size());
    const atom module = scoped ? atom_of_name(cpp_name.substr(0, at.scope_end)) : atoms::known<"cpp">;
    return tuple(module, atom_of_name(name),
                 has_list ? count_parameters(cpp_name.substr(at.parameters)) : std::size_t{0});
}

term process_item(const process_information& about, const term& item) {
    if (item.is_tagged("dictionary"_a, 2)) return tuple(item, dictionary_value(about, item.tuple()[1]));
    const auto* const known = find_item(item);
    return tuple(item, known == nullptr ? term(atoms::known<"undefined">) : known->second(about));
}

bool is_process_item(term_view item) {
    return item.is_tagged("dictionary"_a, 2) || item.is_atom("messages"_a) || find_item(item) != nullptr;
}

term usual_process_items(const process_information& about) {
    std::vector<term> all;
    if (about.registered_name) all.push_back(process_item(about, "registered_name"_a));
    for (const char* const name :
         {"current_function", "initial_call", "status", "message_queue_len", "links", "dictionary",
          "trap_exit", "error_handler", "priority", "group_leader", "total_heap_size", "heap_size",
          "stack_size", "reductions", "garbage_collection", "suspending"})
        all.push_back(process_item(about, atom(name)));
    return to_list(all);
}

}  // namespace rakka::detail
