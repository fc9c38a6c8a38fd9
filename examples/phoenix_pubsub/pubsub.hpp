// A member of the cluster of Phoenix.PubSub: topics with subscribers here, broadcasts to and from other
// nodes.
//
// What Phoenix's default adapter (PG2) does over the wire is little: on each node a process has joined the
// group `MyApp.PubSub.Adapter` of the scope `Phoenix.PubSub`; a broadcast is the message
// `{forward_to_local, Topic, Message, Dispatcher}` to each of them on other nodes, which hand it to the
// subscribers on their own node.
//
// Tested with an Erlang node that does the same, pubsub_demo.erl, and not with Phoenix itself.
#pragma once

#include <rakka/rakka.hpp>

#include <map>
#include <string>

namespace phoenix {

using namespace rakka;

/// One PubSub on this node, such as `MyApp.PubSub`. All functions: inside a process.
class pubsub : public gen_server {
public:
    /// The scope of process groups, and the module by which members hand messages out.
    static atom module() { return "Elixir.Phoenix.PubSub"_a; }
    /// The group, and the registered name of its member on each node.
    static atom adapter(const std::string& name) { return atom("Elixir." + name + ".Adapter"); }

    /// The scope must run already. Elixir: `{Phoenix.PubSub, name: MyApp.PubSub}` under a supervisor.
    static pid start_link(const std::string& name) {
        const pid server = gen_server::start_link<pubsub>({.name = adapter(name)}).value();
        pg::join(module(), adapter(name), server);
        return server;
    }
    /// The caller gets what is broadcast on the topic, on any node. Elixir: `Phoenix.PubSub.subscribe/2`.
    static void subscribe(const std::string& name, const std::string& topic) {
        static_cast<void>(gen_server::call(adapter(name), tuple("subscribe"_a, topic, self())));
    }
    /// To all subscribers on all nodes. Elixir: `Phoenix.PubSub.broadcast/3`.
    static void broadcast(const std::string& name, const std::string& topic, const term& message) {
        const term forward = tuple("forward_to_local"_a, topic, message, module());
        // The member on this node is one of them.
        for (const pid& member : pg::get_members(module(), adapter(name)))
            send(member, forward);
    }

private:
    struct subscriber {
        pid process;
        reference monitor;
    };

    result handle_call(const term& request, const from&) override {
        return *match(request,  //
                      on(tuple_of("subscribe"_a, x<std::string>, x<pid>),
                         [&](const std::string& topic, pid who) {
                             topics_.emplace(topic, subscriber{who, monitor(who)});
                             return reply("ok"_a);
                         }),
                      on(any, [] { return reply("bad_request"_a); }));
    }

    result handle_info(const term& message) override {
        match(message,
              on(tuple_of("forward_to_local"_a, x<std::string>, x<term>, any),
                 [&](const std::string& topic, const term& m) {
                     const auto [first, last] = topics_.equal_range(topic);
                     for (auto it = first; it != last; ++it)
                         send(it->second.process, m);
                 }),
              on(tuple_of("DOWN"_a, x<reference>, "process"_a, any, any),
                 [&](reference ref) {
                     std::erase_if(topics_, [&](const auto& entry) { return entry.second.monitor == ref; });
                 }),
              on(any, [] {}));
        return noreply();
    }

    std::multimap<std::string, subscriber> topics_;
};

}  // namespace phoenix
