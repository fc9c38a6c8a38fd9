#include "behaviour/sys_debug.hpp"

#include "behaviour/callable.hpp"

#include <rakka/actors/monitors.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>
#include <rakka/actors/send.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/known_atoms.hpp>
#include <rakka/etf/native.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <type_traits>
#include <utility>

namespace rakka::detail {
namespace {

const atom done = "done"_a;

term local_time(std::chrono::system_clock::time_point when) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm t{};
    localtime_r(&seconds, &t);
    return tuple(tuple(t.tm_year + 1900, t.tm_mon + 1, t.tm_mday), tuple(t.tm_hour, t.tm_min, t.tm_sec));
}

/// `f` as it came in `{install, …}`: a C++ function with its state, or an external fun of three arguments.
std::optional<sys::call_for_events> function_in(const term& id, const term& f, const term& state) {
    if (const auto* const ours = native_cast<sys::call_for_events>(f)) return *ours;
    auto callable = to_callable(f, 3);
    if (!callable) return std::nullopt;
    return sys::call_for_events{
        id,
        [call = *std::move(callable)](const term& s, const term& event, const term& data) {
            return call({s, event, data});
        },
        state};
}

std::string text_of(term_view chars) {
    std::string out;
    if (const auto text = chars.as<std::string>()) return *text;
    if (!chars.is(kind::list)) return out;
    for (const term_view c : chars.list())
        if (const auto byte = c.as<unsigned char>()) out.push_back(static_cast<char>(*byte));
    return out;
}

}  // namespace

void print_to_leader(const std::string& text) {
    const pid leader = group_leader();
    if (leader == this_system().nobody()) {
        std::fwrite(text.data(), 1, text.size(), stdout);
        std::fflush(stdout);
        return;
    }
    const reference ref = monitor(leader);
    send(leader, tuple("io_request"_a, self(), ref, tuple("put_chars"_a, "unicode"_a, text)));
    static_cast<void>(receive_if(ref, [&](term_view m) {
        if (is_down(ref, m)) return true;
        if (!m.is_tagged(atoms::known<"io_reply">, 3)) return false;
        const auto tag = m.tuple()[1].as<reference>();
        return tag && *tag == ref;
    }));
    demonitor(ref, {.flush = true});
}

std::uint64_t own_reductions() {
    const auto info = process_info(self());
    return info ? info->reductions : 0;
}

bool sys_debug::wants_events() const noexcept {
    return trace_ || log_size_ != 0 || file_ || counts_ || !functions_.empty();
}

void sys_debug::add(const sys::debug_option& option) {
    std::visit(
        [this](const auto& o) {
            using type = std::decay_t<decltype(o)>;
            if constexpr (std::is_same_v<type, sys::trace_events>) {
                trace_ = true;
            } else if constexpr (std::is_same_v<type, sys::log_events>) {
                log_size_ = o.size;
                trim_log();
            } else if constexpr (std::is_same_v<type, sys::log_events_to_file>) {
                file_.emplace(o.path);
                if (!*file_) file_.reset();
            } else if constexpr (std::is_same_v<type, sys::count_events>) {
                counts_ = counts{std::chrono::system_clock::now(), own_reductions(), 0, 0};
            } else {
                const bool there = std::any_of(functions_.begin(), functions_.end(),
                                               [&](const auto& f) { return f.id == o.id; });
                if (!there) functions_.push_back(o);
            }
        },
        option);
}

void sys_debug::trim_log() {
    while (log_.size() > log_size_)
        log_.pop_front();
}

void sys_debug::count(const term& event) {
    if (!counts_ || !event.is(kind::tuple) || event.tuple().size() == 0) return;
    const term_view what = event.tuple()[0];
    if (what.is_atom("in"_a)) ++counts_->messages_in;
    if (what.is_atom("out"_a)) ++counts_->messages_out;
}

void sys_debug::call_functions(const term& event, const term& name) {
    std::erase_if(functions_, [&](sys::call_for_events& f) {
        try {
            f.state = f.function(f.state, event, name);
        } catch (...) {
            if (ended_by_signal()) throw;
            return true;
        }
        return f.state.is_atom(done);
    });
}

void sys_debug::handle(const term& event, const term& name) {
    count(event);
    if (log_size_ != 0) {
        log_.push_back(event);
        trim_log();
    }
    if (trace_ || file_) {
        const std::string line = format_(event, name);
        if (trace_) print_to_leader(line);
        if (file_) *file_ << line << std::flush;
    }
    call_functions(event, name);
}

term sys_debug::on_log(term_view what, const term& name) {
    if (what.is_atom("get"_a)) return tuple(atoms::known<"ok">, logged());
    if (what.is_atom("print"_a)) {
        std::string all;
        for (const term& event : log_)
            all += format_(event, name);
        print_to_leader(all);
    } else if (what.is_atom(atoms::known<"true">)) {
        add(sys::log_events{});
    } else if (what.is_tagged(atoms::known<"true">, 2)) {
        const auto size = what.tuple()[1].as<std::size_t>();
        if (!size || *size == 0) return "unknown_debug"_a;
        add(sys::log_events{*size});
    } else if (what.is_atom(atoms::known<"false">)) {
        add(sys::log_events{0});
    } else {
        return "unknown_debug"_a;
    }
    return atoms::known<"ok">;
}

term sys_debug::on_statistics(term_view what) {
    if (what.is_atom(atoms::known<"true">)) {
        add(sys::count_events{});
    } else if (what.is_atom(atoms::known<"false">)) {
        counts_.reset();
    } else if (what.is_atom("get"_a)) {
        if (!counts_) return tuple(atoms::known<"ok">, "no_statistics"_a);
        return tuple(atoms::known<"ok">,
                     list(tuple("start_time"_a, local_time(counts_->start)),
                          tuple("current_time"_a, local_time(std::chrono::system_clock::now())),
                          tuple("reductions"_a, own_reductions() - counts_->reductions),
                          tuple("messages_in"_a, counts_->messages_in),
                          tuple("messages_out"_a, counts_->messages_out)));
    } else {
        return "unknown_debug"_a;
    }
    return atoms::known<"ok">;
}

term sys_debug::on_install(const term& what, term_view function) {
    const std::size_t parts = function.is(kind::tuple) ? function.tuple().size() : 0;
    if (parts != 2 && parts != 3) return "unknown_debug"_a;
    const tuple_view t = function.tuple();
    const term f = what.share(t[parts - 2]);
    const term id = what.share(t[0]);  // {Func, State}: named by the function
    auto made = function_in(id, f, what.share(t[parts - 1]));
    if (!made)
        return tuple(atoms::known<"error">,
                     tuple("callback_failed"_a, f, tuple(atoms::known<"error">, atoms::known<"undef">)));
    made->id = id;
    add(*std::move(made));
    return atoms::known<"ok">;
}

term sys_debug::on_file(term_view name) {
    file_.reset();
    if (name.is_atom(atoms::known<"false">)) return atoms::known<"ok">;
    file_.emplace(text_of(name));
    if (*file_) return atoms::known<"ok">;
    file_.reset();
    return tuple(atoms::known<"error">, "open_file"_a);
}

term sys_debug::carry_out(const term& what, const term& name) {
    const atom ok = atoms::known<"ok">;
    if (what.is_atom("no_debug"_a)) {
        *this = sys_debug(format_, std::move(calls_));
        return ok;
    }
    if (!what.is_tuple(2)) return "unknown_debug"_a;
    const term_view kind_of = what.tuple()[0];
    const term_view argument = what.tuple()[1];
    if (kind_of.is_atom("trace"_a)) {
        trace_ = argument.is_atom(atoms::known<"true">);
        return ok;
    }
    if (kind_of.is_atom("log"_a)) return on_log(argument, name);
    if (kind_of.is_atom("log_to_file"_a)) return on_file(argument);
    if (kind_of.is_atom("statistics"_a)) return on_statistics(argument);
    if (kind_of.is_atom("install"_a)) return on_install(what, argument);
    if (kind_of.is_atom("remove"_a)) {
        std::erase_if(functions_, [&](const auto& f) { return f.id == argument; });
        return ok;
    }
    return "unknown_debug"_a;
}

term sys_debug::to_term() const {
    std::vector<term> all;
    if (trace_) all.emplace_back(tuple("trace"_a, true));
    if (log_size_ != 0) all.emplace_back(tuple("log"_a, tuple(log_size_, logged())));
    if (file_) all.emplace_back(tuple("log_to_file"_a, true));
    if (counts_)
        all.emplace_back(tuple("statistics"_a,
                               tuple(local_time(counts_->start), tuple("reductions"_a, counts_->reductions),
                                     counts_->messages_in, counts_->messages_out)));
    for (const auto& f : functions_)
        all.emplace_back(tuple(f.id, "function"_a, f.state));
    return term(all);
}

}  // namespace rakka::detail
