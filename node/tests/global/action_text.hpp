// What the machines of `global` ask for, as text, so that a test can say it in a line.
#pragma once

#include "global/locker.hpp"
#include "global/name_server_actions.hpp"

#include <string>
#include <vector>

namespace rakka::testing {

inline std::string nodes_text(const std::vector<atom>& nodes) {
    std::string text;
    for (const atom n : nodes)
        text += (text.empty() ? "" : ",") + std::string(n.text());
    return text;
}

struct action_text {
    using string = std::string;
    static string of(const global_fsm::cast_to& a) {
        return "cast " + string(a.node.text()) + " " + a.body.to_string();
    }
    static string of(const global_fsm::send_to& a) {
        return "send " + string(a.node.text()) + " " + a.message.to_string();
    }
    static string of(const global_fsm::answer& a) { return "answer " + a.value.to_string(); }
    static string of(const global_fsm::locker_event& a) {
        return std::visit([](const auto& e) { return of(e); }, a);
    }
    static string of(const global_fsm::add_candidate& a) {
        return "locker: add " + string(a.node.text()) + " his " + a.his_tag.to_string() + " my " +
               a.my_tag.to_string();
    }
    static string of(const global_fsm::cancel_candidate& a) {
        string text = "locker: cancel " + string(a.node.text()) + " " + a.my_tag.to_string();
        for (const auto& c : a.before)
            text += ", before: " + of(c);
        return text;
    }
    static string of(const global_fsm::his_lock& a) {
        return string("locker: his lock ") + (a.set ? "true" : "false");
    }
    static string of(const global_fsm::known_added& a) { return "locker: known +" + nodes_text(a.nodes); }
    static string of(const global_fsm::known_removed& a) { return "locker: known -" + string(a.node.text()); }
    static string of(const global_fsm::start_resolver& a) {
        return "resolve " + string(a.node.text()) + " " + std::to_string(a.names.size());
    }
    static string of(const global_fsm::stop_resolver& a) { return "stop resolver " + string(a.node.text()); }
    static string of(const global_fsm::meet& a) { return "meet " + string(a.node.text()); }
    static string of(const global_fsm::reach& a) { return "reach " + string(a.node.text()); }
    static string of(const global_fsm::disconnect& a) { return "disconnect " + string(a.node.text()); }
    static string of(const global_fsm::watch& a) {
        return string(a.on ? "watch " : "forget ") + std::to_string(a.process.id);
    }
    static string of(const global_fsm::complain&) { return "complain"; }

    static string of(const global_fsm::locker::set_lock& s) {
        return "set " + nodes_text(s.nodes) + (s.look_here_first ? " looking here" : "");
    }
    static string of(const global_fsm::locker::del_lock& s) { return "del " + nodes_text(s.nodes); }
    static string of(const global_fsm::locker::tell_server& s) {
        return "locked with " + string(s.node.text());
    }
    static string of(const global_fsm::locker::tell_locker& s) { return "refuse " + s.message.to_string(); }
};

template <class Action>
std::vector<std::string> text_of(const std::vector<Action>& all) {
    std::vector<std::string> lines;
    for (const Action& a : all)
        lines.push_back(std::visit([](const auto& one) { return action_text::of(one); }, a));
    return lines;
}

using lines = std::vector<std::string>;

}  // namespace rakka::testing
