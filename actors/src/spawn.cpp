#include "mailbox_limits.hpp"
#include "signal_delivery.hpp"
#include "start_process.hpp"
#include "system_log.hpp"
#include "tracing.hpp"
#include "watching.hpp"

#include <rakka/actors/errc.hpp>
#include <rakka/actors/spawn.hpp>
#include <rakka/actors/spawn_option_terms.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>

#include <algorithm>
#include <new>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace rakka {

namespace detail {

namespace {

/// A new process until it is known to others: links, monitor, name, stack and thread. What has been set up is
/// undone unless it is born.
class unborn_process {
public:
    unborn_process(system_core& core, process& fresh, process* parent, const spawn_options& options)
        : core_(core), fresh_(fresh), parent_(parent), options_(options) {
        const pid leader = options.group_leader.value_or(parent != nullptr ? parent->leader : core.nobody());
        fresh.begin({leader, options.priority, parent});
        child_ = fresh.pid();
    }
    ~unborn_process() {
        if (!born_) undo();
    }
    unborn_process(const unborn_process&) = delete;
    unborn_process& operator=(const unborn_process&) = delete;

    /// Throws std::bad_alloc.
    void relate(monitor_request* monitor) {
        if (parent_ == nullptr) return;
        if (options_.link) {
            fresh_.relate().links.put(parent_->pid(), {});
            if (options_.priority_link) parent_->messages.allow_priority();
            parent_->relate().links.put(child_, {.priority = options_.priority_link});
        }
        if (monitor == nullptr) return;
        monitor_ = parent_->make_own_reference();
        fresh_.relate().watchers.put(monitor_, {parent_->pid(), {}});
        if (monitor->options.priority) parent_->messages.allow_priority();
        parent_->relate().monitors.put(
            monitor_, {{.target = child_, .resolved = child_, .priority = monitor->options.priority},
                       monitor->options.tag});
        make_monitor_alias(*parent_, monitor_, monitor->options.alias);
        monitor->made = monitor_;
    }
    /// Throws std::bad_alloc.
    [[nodiscard]] bool claim_name() {
        if (!options_.name) return true;
        named_ = core_.names.claim(options_.name, {fresh_.slot, fresh_.serial});
        return named_;
    }
    /// Throws std::bad_alloc and std::system_error.
    void take_resources() {
        if (options_.max_mailbox) set_limit(fresh_, options_.max_mailbox);
        const bool own_thread =
            (options_.threaded || core_.mode == runtime_mode::threaded) && !core_.scheduling().simulated();
        const std::size_t stack_size = std::max(options_.stack_size, core_.scheduling().options().stack_size);
        if (own_thread) {
            core_.scheduling().give_thread(fresh_, stack_size);
        } else if (options_.stack_size > core_.scheduling().options().stack_size) {
            core_.scheduling().give_stack(fresh_, stack_size);
        }
        fresh_.threaded = own_thread;
        fresh_.keeps_stack = own_thread || options_.stack_size > core_.scheduling().options().stack_size;
    }
    pid bear(process_code code) noexcept {
        born_ = true;
        fresh_.body = std::move(code.body);
        fresh_.handler = std::move(code.handler);
        fresh_.inbox.open();
        fresh_.identity.store(std::uint64_t{fresh_.serial} << 32 | options_.name.id(),
                              std::memory_order_release);
        core_.scheduling().start(fresh_);
        return child_;
    }

private:
    void undo() noexcept {
        if (named_) core_.names.release(options_.name, {fresh_.slot, fresh_.serial});
        if (mailbox_bound* const bound = fresh_.bound.load(std::memory_order_relaxed)) bound->end();
        if (parent_ != nullptr && parent_->related) {
            parent_->related->links.erase(child_);
            parent_->related->monitors.erase(monitor_);
            parent_->related->aliases.erase(monitor_);
        }
        fresh_.related.reset();
        fresh_.state = process::phase::free;
    }

    system_core& core_;
    process& fresh_;
    process* const parent_;
    const spawn_options& options_;
    pid child_;
    reference monitor_;
    bool named_ = false;
    bool born_ = false;
};

[[gnu::cold]] void tell_of_birth(process& fresh, const process_code& code, atom name) {
    if (fresh.system->log.logs_births()) tell_spawned(fresh, code, name);
    watch_birth(fresh, code);
}

}  // namespace

result<pid> start_process(system_core& core, process* parent, process_code code, const spawn_options& options,
                          monitor_request* monitor, trace_token* reply) {
    if (options.name == atoms::known<"undefined">) return actors_errc::bad_name;
    if (!core.admit()) return core.stopping.load() ? actors_errc::stopping : actors_errc::system_limit;
    worker_cache* const cache = core.cache();
    slot_list* const slots = cache == nullptr ? nullptr : &cache->slots;
    process* const fresh = core.table.claim(slots);
    actors_errc why = actors_errc::system_limit;
    if (fresh != nullptr) {
        try {
            unborn_process child(core, *fresh, parent, options);
            child.relate(monitor);
            if (child.claim_name()) {
                child.take_resources();
                if (parent != nullptr && parent->traced) [[unlikely]]
                    pass_token(*parent, *fresh, reply);
                if (core.log.births_matter()) [[unlikely]]
                    tell_of_birth(*fresh, code, options.name);
                return child.bear(std::move(code));
            }
            why = actors_errc::name_taken;
        } catch (const std::bad_alloc&) {
            why = actors_errc::no_memory;
        } catch (const std::system_error&) {
            why = actors_errc::no_thread;
        }
        core.table.give_back(*fresh, slots);
    }
    core.process_ended();
    return why;
}

namespace {

/// The reason that spawn/1 fails with.
atom why_not(const error_code& why) {
    const bool name = why == actors_errc::name_taken || why == actors_errc::bad_name;
    return name ? atoms::known<"badarg"> : atoms::known<"system_limit">;
}

monitored_process spawn_from_process(process_code code, const spawn_options& options,
                                     monitor_request* monitor) {
    process& self = current_process();
    const auto made = start_process(*self.system, &self, std::move(code), options, monitor);
    self.pay();
    if (made) return {*made, monitor == nullptr ? reference() : monitor->made};
    error(why_not(made.error()));
}

}  // namespace

pid spawn_here(std::unique_ptr<process_body> body, const spawn_options& options) {
    return spawn_from_process({std::move(body), nullptr}, options, nullptr).pid;
}
pid spawn_here(std::unique_ptr<message_handler> handler, const spawn_options& options) {
    return spawn_from_process({nullptr, std::move(handler)}, options, nullptr).pid;
}
monitored_process spawn_monitor_here(std::unique_ptr<process_body> body, const spawn_options& options,
                                     const monitor_options& monitor) {
    monitor_request request{monitor, {}};
    return spawn_from_process({std::move(body), nullptr}, options, &request);
}
monitored_process spawn_monitor_here(std::unique_ptr<message_handler> handler, const spawn_options& options,
                                     const monitor_options& monitor) {
    monitor_request request{monitor, {}};
    return spawn_from_process({nullptr, std::move(handler)}, options, &request);
}

namespace {

atom spawn_reply_atom() {
    static const atom name("spawn_reply");
    return name;
}

term tag_of(const spawn_request_options& how) {
    return how.reply_tag.has_value() ? how.reply_tag : term(spawn_reply_atom());
}

reference spawn_request_from_process(process_code code, spawn_options options,
                                     const spawn_request_options& how) {
    process& self = current_process();
    options.link = options.link || how.link;
    options.priority_link = options.priority_link || how.priority_link;
    const monitor_options monitoring{
        .alias = monitor_alias::none, .tag = {}, .priority = how.priority_monitor};
    monitor_request request{monitoring, {}};
    trace_token reply;
    const auto made = start_process(*self.system, &self, std::move(code), options,
                                    how.monitor ? &request : nullptr, &reply);
    const reference ref = made && how.monitor ? request.made : self.make_own_reference();
    const pending_spawn asked{self.system->facade.node_name(), how.reply, tag_of(how)};
    if (!made) {
        answer_spawn(self, ref, asked, atoms::known<"error">, why_not(made.error()));
    } else if (self.has_token && reply.from.has_value()) {
        control_signal& cause = with_token(*self.system, make_control(*self.system, signal_kind::spawn_reply),
                                           reply, make_trace(self).epoch);
        answer_spawn(self, ref, asked, atoms::known<"ok">, *made, &cause);
        free_signal(*self.system, cause);
    } else {
        answer_spawn(self, ref, asked, atoms::known<"ok">, *made);
    }
    self.pay();
    return ref;
}

}  // namespace

reference spawn_request_here(std::unique_ptr<process_body> body, const spawn_options& options,
                             const spawn_request_options& how) {
    return spawn_request_from_process({std::move(body), nullptr}, options, how);
}
reference spawn_request_here(std::unique_ptr<message_handler> handler, const spawn_options& options,
                             const spawn_request_options& how) {
    return spawn_request_from_process({nullptr, std::move(handler)}, options, how);
}

void answer_spawn(process& self, const reference& ref, const pending_spawn& asked, atom outcome,
                  const term& what, signal* cause) {
    const bool good = outcome == atoms::known<"ok">;
    const bool wanted = asked.wanted == spawn_reply::yes ||
                        asked.wanted == (good ? spawn_reply::success_only : spawn_reply::error_only);
    if (!wanted) return;
    term message = tuple(asked.tag, ref, outcome, what);
    if (cause != nullptr) {
        self.queue_for(*cause, std::move(message));
    } else {
        self.queue_message(std::move(message));
    }
}

namespace {

/// Of a spawn_request() to a node.
void expect_answer(process& self, const reference& ref, atom node, const spawn_request_options& how,
                   const parents_wishes& mine) {
    const bool priority_link = how.priority_link || mine.priority_link;
    const bool priority_monitor = how.priority_monitor || mine.monitoring.priority;
    if (priority_link || priority_monitor) self.messages.allow_priority();
    make_monitor_alias(self, ref, mine.monitoring.alias);
    self.relate().spawns.put(ref, {.node = node,
                                   .wanted = how.reply,
                                   .tag = tag_of(how),
                                   .priority_link = priority_link,
                                   .priority_monitor = priority_monitor,
                                   .monitor_tag = mine.monitoring.tag});
}

}  // namespace

}  // namespace detail

reference spawn_request(atom node, atom module, atom function, term arguments,
                        const spawn_request_options& options) {
    using namespace detail;
    process& self = current_process();
    system_core& core = *self.system;
    const reference ref = self.make_own_reference();
    auto mine = take_parents_wishes(options.more.has_value() ? options.more : term(list()));
    if (!mine) {
        const pending_spawn asked{node, options.reply, tag_of(options)};
        answer_spawn(self, ref, asked, atoms::known<"error">, atoms::known<"badopt">);
        self.pay();
        return ref;
    }
    expect_answer(self, ref, node, options, *mine);
    term wire = std::move(mine->rest);
    if (options.link) wire = cons(atoms::known<"link">, wire);
    if (options.monitor) wire = cons(atoms::known<"monitor">, wire);
    remote_router* const router = core.router.load(std::memory_order_acquire);
    if (router == nullptr) {
        core.facade.deliver_spawn_reply(ref, self.pid(), 0, atoms::known<"noconnection">);
    } else {
        std::optional<trace_token> token;  // on this node the child gets it as by spawn()
        if (self.traced && !is_here(core, node))
            token = count_spawn(self, {ref, node, module, function, wire}, arguments);
        const auto placed =
            router->spawn_request(ref, self.pid(), self.leader, node, module, function, std::move(arguments),
                                  std::move(wire), token ? &*token : nullptr);
        self.related->spawns.find(ref)->connection = placed.connection;
        obey(self, placed.how);
    }
    self.pay();
    return ref;
}

bool spawn_request_abandon(const reference& request) {
    using namespace detail;
    process& self = current_process();
    self.fetch();
    self.pay();
    if (!self.related || !self.related->spawns.erase(request)) return false;
    self.related->aliases.erase(request);
    static const atom abandoned("abandoned");
    self.system->gone_parents.remember(request, abandoned);
    return true;
}

}  // namespace rakka
