#include "inspection/process_tree.hpp"

#include "services/rpc_calls.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/registry.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/print.hpp>

#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

using link_pairs = std::vector<std::pair<pid, pid>>;

/// Who has started a process, as far as it tells: in the dictionary key that proc_lib uses, or by itself.
std::optional<pid> starter_of(const process_information& i) {
    for (const auto& [key, value] : i.dictionary) {
        if (!key.is_atom("$ancestors"_a) || !value.is(kind::list)) continue;
        const term_view nearest = value.list().head();
        if (const auto name = nearest.as<atom>()) return whereis(*name);
        if (const auto p = nearest.as<pid>()) return *p;
    }
    return i.parent;
}

class tree_walk {
public:
    explicit tree_walk(const pid& root) {
        for (const char* const name : {"application_controller", "init", "appmon_info"})
            if (const auto p = whereis(atom(name))) avoided_.insert(*p);
        if (const auto about = process_info(root)) leader_ = about->group_leader;
        queue_.push_back(root);
        while (!queue_.empty()) {
            const pid next = queue_.front();
            queue_.pop_front();
            visit(next);
        }
    }

    std::vector<pid> order;
    link_pairs branches;
    link_pairs others;

private:
    void visit(const pid& p) {
        if (!seen_.insert(p).second) return;
        order.push_back(p);
        if (!p.is_local()) return;
        const auto about = process_info(p);
        if (!about) return;
        for (const pid& peer : about->links)
            if (!seen_.contains(peer)) look_at(p, peer);
    }

    void look_at(const pid& from, const pid& peer) {
        if (!peer.is_local()) {
            others.emplace_back(from, peer);
            queue_.push_back(peer);
            return;
        }
        if (avoided_.contains(peer)) return;
        const auto about = process_info(peer);
        if (!about) return;
        if (const auto starter = starter_of(*about)) {
            if (*starter == from)
                add_branch(from, peer);
            else
                others.emplace_back(from, peer);
        } else if (about->group_leader == leader_) {
            add_branch(from, peer);
        }
    }

    void add_branch(const pid& from, const pid& to) {
        branches.emplace_back(from, to);
        queue_.push_back(to);
    }

    std::deque<pid> queue_;
    std::unordered_set<pid> seen_;
    std::unordered_set<pid> avoided_;
    pid leader_;
};

term label_pairs(const link_pairs& links) {
    std::vector<term> all;
    for (const auto& [a, b] : links)
        all.emplace_back(tuple(charlist(tree_label(a)), charlist(tree_label(b))));
    return to_list(all);
}

}  // namespace

std::string tree_label(const pid& p) {
    const std::string text = term(p).to_string();
    if (!p.is_local()) return text + " " + std::string(p.node.text());
    const auto about = process_info(p);
    if (!about) return text;
    if (about->registered_name) return std::string(about->registered_name.text());
    if (!about->label.has_value()) return text;
    const auto words = about->label.as<std::string>();
    return (words ? *words : to_string(about->label, {.charset = print_charset::unicode})) + " " + text;
}

term process_tree(const pid& root) {
    const tree_walk walk(root);
    std::vector<term> found;
    for (const pid& p : walk.order)
        found.emplace_back(tuple(p, charlist(tree_label(p))));
    return tuple(charlist(tree_label(root)), to_list(found), label_pairs(walk.branches),
                 label_pairs(walk.others));
}

}  // namespace rakka::detail
