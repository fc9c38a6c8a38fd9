// rakka capture: records what two nodes say to each other, prints it, and says it again.
#include "capture_relay.hpp"
#include "capture_replay.hpp"
#include "capture_sink.hpp"
#include "command.hpp"

#include <rakka/node/epmd_server.hpp>
#include <rakka/rakka.hpp>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <unistd.h>

namespace rakka::tools {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using capture::happening;

// ---- printing

/// Prints a recording as it grows.
class printer {
public:
    explicit printer(std::size_t max_text) : options_{max_text} {}

    void print(const happening& h) {
        conversation& c = conversations_[h.connection];
        if (h.what == happening::kind::bytes) {
            for (const capture::statement& s : c.reader(options_).read(h.from, h.data))
                line(h, c, s.from, s.text);
        } else if (h.what == happening::kind::opened) {
            line(h, c, h.from, "opens a connection, " + h.text);
        } else {
            line(h, c, h.from, "ends the connection: " + h.text);
        }
    }

private:
    struct conversation {
        std::unique_ptr<capture::conversation_reader> readers;
        capture::conversation_reader& reader(const capture::reading_options& o) {
            if (!readers) readers = std::make_unique<capture::conversation_reader>(o);
            return *readers;
        }
    };

    void line(const happening& h, conversation& c, capture::side from, const std::string& text) {
        const std::string& known = c.reader(options_).name(from);
        const std::string who = !known.empty()                   ? known
                                : from == capture::side::dialler ? "dialler"
                                                                 : "acceptor";
        std::cout << fmt::format("{:12.6f} {} {}: {}\n", std::chrono::duration<double>(h.at).count(),
                                 h.connection, who, text);
    }

    capture::reading_options options_;
    std::map<std::uint32_t, conversation> conversations_;
};

int print_recording(const std::string& file, std::size_t max_text) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        std::cerr << "rakka capture: cannot read " << file << '\n';
        return 2;
    }
    auto recording = capture::recording_reader::open(in);
    if (!recording) {
        std::cerr << "rakka capture: " << file << ": " << recording.error().message() << '\n';
        return 2;
    }
    printer out(max_text);
    for (;;) {
        const auto h = recording->next();
        if (!h) {
            std::cerr << "rakka capture: " << file << " is cut short or damaged\n";
            return 1;
        }
        if (!*h) return 0;
        out.print(**h);
    }
}

// ---- recording

struct record_options {
    std::string node;
    std::string file;
    std::uint16_t epmd_port = 0;
    std::uint16_t port = 0;
    std::uint16_t own_epmd_port = 0;
    std::uint16_t listen_port = 0;
    bool quiet = false;
    std::size_t max_text = 400;
    std::size_t buffer = 256;  ///< MiB that wait to be written, and as much to be printed
};

/// What everybody who looks for the node, and for the others on this machine, is to be told.
boost::system::result<std::vector<epmd_name>, std::string> known_nodes(system& running,
                                                                       const record_options& o,
                                                                       const std::string& alive) {
    if (o.port != 0) return std::vector<epmd_name>{{alive, o.port}};
    const auto found = epmd_names(running, {.host = "127.0.0.1", .port = o.epmd_port});
    if (!found) return found.error().message;
    const bool is_there =
        std::any_of(found->begin(), found->end(), [&](const epmd_name& n) { return n.name == alive; });
    if (!is_there) return "epmd knows no node named " + alive + " on this machine";
    return *found;
}

/// A file that only its owner can read.
bool create_private(const std::string& file) {
    const int fd = ::open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return false;
    ::close(fd);
    return true;
}

void relay_until_stopped(asio::io_context& io) {
    asio::signal_set stop(io, SIGINT, SIGTERM);
    stop.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
    io.run();
}

int fail(const std::string& why) {
    std::cerr << "rakka capture: " << why << '\n';
    return 2;
}

/// Where recorded connections go: each place is written by a thread of its own, and a slow one neither slows
/// the nodes nor the other one.
class recorder {
public:
    explicit recorder(const record_options& o) : options_(o), out_(o.max_text) {}

    /// False: the file cannot be written.
    bool start() {
        const std::size_t bytes = options_.buffer << 20;
        if (!options_.file.empty()) {
            if (create_private(options_.file)) file_.open(options_.file, std::ios::binary | std::ios::trunc);
            if (!file_.is_open()) return false;
            writer_ = std::make_unique<capture::recording_writer>(file_);
            to_file_ = std::make_unique<capture_sink>(
                bytes, [this](const happening& h) { write(h); }, [this] { file_.flush(); });
        }
        if (!options_.quiet) {
            to_terminal_ = std::make_unique<capture_sink>(
                bytes, [this](const happening& h) { out_.print(h); }, [] { std::cout.flush(); });
        }
        return true;
    }

    void tell(happening h) {
        const auto shared = std::make_shared<const happening>(std::move(h));
        if (to_file_) to_file_->push(shared);
        if (to_terminal_) to_terminal_->push(shared);
    }

    /// Blocks until everything is written.
    void finish() {
        end(to_terminal_, "printed");
        end(to_file_, "recorded");
    }

private:
    void write(const happening& h) {
        if (!writer_->add(h) && !std::exchange(failed_, true))
            std::cerr << "rakka capture: cannot write to " << options_.file << '\n';
    }
    static void end(std::unique_ptr<capture_sink>& sink, const char* done) {
        if (!sink) return;
        const std::size_t lost = sink->given_up();
        sink.reset();
        if (lost == 0) return;
        std::cerr << fmt::format(
            "rakka capture: {} connections are not {} to their end, since that was too slow (--buffer)\n",
            lost, done);
    }

    const record_options& options_;
    printer out_;                                        // the thread of to_terminal_
    std::ofstream file_;                                 // the thread of to_file_
    std::unique_ptr<capture::recording_writer> writer_;  // likewise
    bool failed_ = false;                                // likewise
    std::unique_ptr<capture_sink> to_file_;
    std::unique_ptr<capture_sink> to_terminal_;
};

int record(const record_options& o) {
    const auto name = node_name::parse(o.node);
    if (!name) return fail(explain_bad_node_name(o.node, name.error()));
    const std::string alive(name->alive());
    system running({.workers = 1});
    auto nodes = known_nodes(running, o, alive);
    if (!nodes) return fail(nodes.error());
    recorder out(o);
    if (!out.start()) return fail("cannot write " + o.file);
    const auto told = [&](happening h) { out.tell(std::move(h)); };
    auto& entry =
        *std::find_if(nodes->begin(), nodes->end(), [&](const epmd_name& n) { return n.name == alive; });
    asio::io_context io(1);
    const auto loopback = asio::ip::address_v4::loopback();
    try {
        capture_relay relay(io, {loopback, o.listen_port}, {loopback, entry.port}, told);
        entry.port = relay.port();
        epmd_server_options e;
        e.port = o.own_epmd_port;
        e.any_free_port = o.own_epmd_port == 0;
        e.addresses = {"127.0.0.1"};
        e.known = *nodes;
        const auto epmd = epmd_server::start(running, e);
        if (!epmd) return fail("cannot serve as epmd: " + epmd.error().message());
        std::cout << fmt::format(
            "A node started with ERL_EPMD_PORT={} connects to {} through here (port {}). Ctrl-C ends.\n",
            epmd->port(), o.node, relay.port());
        std::cout.flush();
        relay_until_stopped(io);
        out.finish();
    } catch (const boost::system::system_error& e) {
        return fail("cannot listen: " + std::string(e.what()));
    }
    return 0;
}

void add_record(CLI::App& capture, work& chosen) {
    const auto o = std::make_shared<record_options>();
    CLI::App* const c = capture.add_subcommand("record", "Record the connections to a node of this machine");
    c->add_option("NODE", o->node, "The node that is connected to, name@host")->required();
    c->add_option("-o,--output", o->file, "The file to record into (default: only print)");
    c->add_flag("-q,--quiet", o->quiet, "Print nothing of what is said");
    c->add_option("--max-text", o->max_text, "Characters of each message to print, 0: all")
        ->capture_default_str();
    c->add_option("--buffer", o->buffer,
                  "MiB that may wait to be written, and as many to be printed; connections end in the "
                  "recording when there is no room for more")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    c->add_option("--epmd-port", o->epmd_port,
                  "The port of the node's epmd (default: ERL_EPMD_PORT, or 4369)");
    c->add_option("--port", o->port, "The port of the node itself, for one without epmd");
    c->add_option("--own-epmd-port", o->own_epmd_port, "Where to play epmd (default: any free port)");
    c->add_option("--listen-port", o->listen_port, "Where to listen for the other node (default: any)");
    c->callback([o, &chosen] { chosen = [o] { return record(*o); }; });
}

void add_print(CLI::App& capture, work& chosen) {
    struct arguments {
        std::string file;
        std::size_t max_text = 400;
    };
    const auto a = std::make_shared<arguments>();
    CLI::App* const c = capture.add_subcommand("print", "Print a recording");
    c->add_option("FILE", a->file, "The recording")->required();
    c->add_option("--max-text", a->max_text, "Characters of each message, 0: all")->capture_default_str();
    c->callback([a, &chosen] { chosen = [a] { return print_recording(a->file, a->max_text); }; });
}

void add_replay(CLI::App& capture, work& chosen) {
    const auto o = std::make_shared<replay_options>();
    CLI::App* const c =
        capture.add_subcommand("replay", "Say to a node what the dialler of a recorded connection said");
    c->add_option("FILE", o->file, "The recording")->required();
    c->add_option("--connection", o->connection, "Which connection of it")->capture_default_str();
    c->add_option("--cookie", o->cookie, "The cookie (default: that of the file)");
    c->add_option("--cookie-file", o->cookie_file, "Where the cookie is (default: ~/.erlang.cookie)");
    c->add_option("--epmd-port", o->epmd_port, "The port of epmd (default: ERL_EPMD_PORT, or 4369)");
    c->add_option("--port", o->port, "The port of the node itself, for one without epmd");
    c->add_option("--wait", o->wait, "Seconds to go on listening after it said nothing more")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str();
    c->add_option("--max-text", o->max_text, "Characters of each message to print, 0: all")
        ->capture_default_str();
    c->callback([o, &chosen] { chosen = [o] { return replay_recording(*o); }; });
}

}  // namespace

void add_capture(CLI::App& rakka, work& chosen) {
    CLI::App* const c =
        rakka.add_subcommand("capture", "Record, print and replay what nodes say to each other");
    c->require_subcommand(1);
    add_record(*c, chosen);
    add_print(*c, chosen);
    add_replay(*c, chosen);
}

}  // namespace rakka::tools
