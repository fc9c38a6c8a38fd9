// Functions of OTP's other modules with which tools look at a node.
#include "connection/connection.hpp"
#include "inspection/exporting.hpp"
#include "inspection/inspection.hpp"
#include "inspection/machine.hpp"
#include "inspection/system_figures.hpp"
#include "services/connect_wait.hpp"
#include "services/rpc_calls.hpp"

#include <rakka/actors/layers.hpp>
#include <rakka/actors/process.hpp>
#include <rakka/etf/build.hpp>
#include <rakka/etf/convert.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace rakka::detail {
namespace {

term undefined() {
    return atoms::known<"undefined">;
}

/// What stands for the code of a module that is a part of the program. Erlang: as of its own first modules.
term place_of_code() {
    return "preloaded"_a;
}

bool has_module(const node_core& core, const term& module) {
    const auto name = known_atom(module);
    return name && core.sys.exports().has_module(*name);
}

void export_code(const std::shared_ptr<node_core>& core) {
    exporter e(core, "code");
    e.add("is_loaded", 1, [](node_core& c, arguments a) {
        if (!has_module(c, a[0])) return term(false);
        return term(tuple("file"_a, place_of_code()));
    });
    e.add("which", 1, [](node_core& c, arguments a) {
        return has_module(c, a[0]) ? place_of_code() : term("non_existing"_a);
    });
    const auto load = [](node_core& c, arguments a) {
        if (has_module(c, a[0])) return term(tuple("module"_a, a[0]));
        return term(tuple(atoms::known<"error">, "nofile"_a));
    };
    e.add("ensure_loaded", 1, load);
    e.add("load_file", 1, load);
    e.add("get_object_code", 1, [](node_core&, arguments) { return term(atoms::known<"error">); });
    e.add("all_loaded", 0, [](node_core& c, arguments) {
        std::vector<term> all;
        atom last;
        for (const exported_name& f : c.sys.exports().names()) {
            if (f.module == last) continue;
            last = f.module;
            all.emplace_back(tuple(f.module, place_of_code()));
        }
        return to_list(all);
    });
}

void export_os(const std::shared_ptr<node_core>& core) {
    exporter e(core, "os");
    e.add("getpid", 0, [](node_core&, arguments) { return term(charlist(std::to_string(getpid()))); });
    e.add("type", 0, [](node_core&, arguments) { return term(tuple("unix"_a, "linux"_a)); });
    e.add("version", 0, [](node_core&, arguments) {
        auto numbers = machine::kernel_version();
        numbers.resize(3);
        return term(tuple(numbers[0], numbers[1], numbers[2]));
    });
    e.add("timestamp", 0, [](node_core&, arguments) { return timestamp_now(); });
}

/// `ok` at once; the program ends by and by. One that has nobody to end it has no such function.
term stop_program(node_core& core, int status, std::string reason) {
    if (!request_stop(core.sys, {status, std::move(reason)})) error("undef"_a);
    return atoms::known<"ok">;
}

/// The text of a list of bytes.
std::optional<std::string> bytes_of(const term& t) {
    const auto bytes = t.as<std::vector<std::uint8_t>>();
    return bytes ? std::optional(std::string(bytes->begin(), bytes->end())) : std::nullopt;
}

/// `init:stop(Status)`: a number, or a text, which a BEAM writes to its crash dump, to end with 1.
term stop_with_status(node_core& core, const term& status) {
    const std::string reason = "init:stop/1 called by a peer";
    if (const auto number = status.as<std::int64_t>(); number && *number >= 0)
        return stop_program(core, static_cast<int>(*number & 0xff), reason);
    if (const auto slogan = bytes_of(status)) return stop_program(core, 1, reason + ": " + *slogan);
    bad_argument();
}

void export_init(const std::shared_ptr<node_core>& core) {
    exporter e(core, "init");
    e.add("get_status", 0, [](node_core&, arguments) { return term(tuple("started"_a, "started"_a)); });
    e.add("script_id", 0,
          [](node_core&, arguments) { return term(tuple(charlist("Rakka"), charlist(RAKKA_VERSION))); });
    e.add("get_arguments", 0, [](node_core&, arguments) { return term(list()); });
    e.add("get_plain_arguments", 0, [](node_core&, arguments) { return term(list()); });
    e.add("stop", 0,
          [](node_core& c, arguments) { return stop_program(c, 0, "init:stop/0 called by a peer"); });
    e.add("stop", 1, [](node_core& c, arguments a) { return stop_with_status(c, a[0]); });
}

/// Nodes that this one has never heard of are not dialled because a peer says so.
term ping(node_core& core, const term& peer) {
    const auto name = known_atom(peer);
    const bool there = name && (*name == core.self() ||
                                connect_and_wait(core.shared_from_this(), *name, dial_wish::of_the_program));
    return there ? "pong"_a : "pang"_a;
}

/// `[{type, visible}, …]` of one connection, without what is a BEAM's own of it.
term node_info(const connection_info& i) {
    return list(tuple("state"_a, "up"_a), tuple("type"_a, i.hidden ? "hidden"_a : "visible"_a),
                tuple("in"_a, i.frames_in), tuple("out"_a, i.frames_out));
}

void export_net(const std::shared_ptr<node_core>& core) {
    exporter kernel(core, "net_kernel");
    kernel.add("get_net_ticktime", 0, [](node_core& c, arguments) {
        return term(std::chrono::ceil<std::chrono::seconds>(c.options.net_ticktime).count());
    });
    kernel.add("longnames", 0, [](node_core& c, arguments) { return term(c.form == name_form::long_names); });
    kernel.add("nodes_info", 0, [](node_core& c, arguments) {
        std::vector<term> all;
        for (const auto& one : c.connections.all())
            if (one->phase() == connection_phase::up)
                all.emplace_back(tuple(one->node(), node_info(one->info())));
        return term(tuple(atoms::known<"ok">, to_list(all)));
    });
    exporter net_adm(core, "net_adm");
    net_adm.add("ping", 1, [](node_core& c, arguments a) { return ping(c, a[0]); });
    net_adm.add("localhost", 0, [](node_core& c, arguments) {
        const std::string_view name = c.self().text();
        return term(charlist(name.substr(name.find('@') + 1)));
    });
}

void export_libraries(const std::shared_ptr<node_core>& core) {
    exporter proc_lib(core, "proc_lib");
    // What proc_lib says of a process it knows nothing about: observer then asks no further.
    proc_lib.add("translate_initial_call", 1,
                 [](node_core&, arguments) { return term(tuple("proc_lib"_a, "init_p"_a, 5)); });
    proc_lib.add("get_label", 1, [](node_core&, arguments a) {
        const auto p = a[0].as<pid>();
        const auto about = p && p->is_local() ? process_info(*p) : std::nullopt;
        return about && about->label.has_value() ? about->label : undefined();
    });
    exporter ets(core, "ets");
    ets.add("all", 0, [](node_core&, arguments) { return term(list()); });
    ets.add("info", 1, [](node_core&, arguments) { return undefined(); });
    ets.add("info", 2, [](node_core&, arguments) { return undefined(); });
    ets.add("whereis", 1, [](node_core&, arguments) { return undefined(); });
    exporter c(core, "c");
    c.add("memory", 0, [](node_core& n, arguments) { return memory_list(n); });
    c.add("memory", 1, [](node_core& n, arguments a) {
        const auto bytes = memory_of(n, a[0]);
        if (!bytes) bad_argument();
        return term(*bytes);
    });
}

}  // namespace

void export_kernel_functions(const std::shared_ptr<node_core>& core) {
    export_code(core);
    export_os(core);
    export_init(core);
    export_net(core);
    export_libraries(core);
}

}  // namespace rakka::detail
