#include "guest.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace rakka::tools {

void add_reach_options(CLI::App& command, reach_options& into) {
    command.add_option("NODE", into.node, "The node, name@host")->required();
    command.add_option("--name", into.own_name, "Our own name (default: one of few that are lent in turn)");
    command.add_option("--cookie", into.cookie, "The cookie (default: that of the file)");
    command.add_option("--cookie-file", into.cookie_file, "Where the cookie is (default: ~/.erlang.cookie)");
    command.add_option("--tls", into.tls_optfile,
                       "Connect over TLS, with this file in the format of -ssl_dist_optfile");
    command.add_option("--epmd-port", into.epmd_port, "The port of epmd (default: ERL_EPMD_PORT, or 4369)");
    command.add_option("--port", into.port, "The port of the node itself, for one without epmd");
    command.add_option("--timeout", into.timeout, "Seconds to wait for a connection and for each answer")
        ->check(CLI::Range(0.001, 120.0))
        ->capture_default_str();
}

namespace {

std::string own_host() {
    std::string host(256, '\0');
    if (::gethostname(host.data(), host.size() - 1) != 0) return "localhost";
    host.resize(host.find('\0'));
    return host;
}

/// The host part of a name that a node named `peer` accepts: with dots or without, as its own.
std::string host_for(const std::string& peer) {
    const auto name = node_name::parse(peer);
    std::string host = own_host();
    const auto dot = host.find('.');
    if (name && name->form() == name_form::short_names) return host.substr(0, dot);
    return dot == std::string::npos ? host + ".local" : host;
}

/// A folder of ours alone: in one of somebody else we touch nothing.
bool is_ours(const std::filesystem::path& folder) {
    struct stat s {};
    return ::lstat(folder.c_str(), &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == ::getuid();
}

/// One file for each name, locked while it is lent.
int lock_of(std::size_t number) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("rakka-names-" + std::to_string(::getuid()));
    std::error_code ignored;
    std::filesystem::create_directory(folder, ignored);
    if (!is_ours(folder)) return -1;
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
    const std::string file = (folder / std::to_string(number)).string();
    const int fd = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    ::close(fd);
    return -1;
}

}  // namespace

lent_name::lent_name(const std::string& peer) {
    constexpr std::size_t most = 1000;
    std::size_t number = 0;
    while (number < most && (lock_ = lock_of(number)) < 0)
        ++number;
    text_ = fmt::format("rakka-{}-{}@{}", ::getuid(), number, host_for(peer));
}

lent_name::~lent_name() {
    if (lock_ >= 0) ::close(lock_);
}

boost::system::result<std::unique_ptr<guest>, std::string> guest::start(const reach_options& how) {
    if (const auto name = node_name::parse(how.node); !name)
        return explain_bad_node_name(how.node, name.error());
    std::unique_ptr<guest> g(new guest);
    node_options o;
    o.name = how.own_name;
    if (o.name.empty()) {
        g->name_ = std::make_unique<lent_name>(how.node);
        o.name = g->name_->text();
    }
    if (!how.cookie.empty()) {
        auto c = cookie::from_text(how.cookie);
        if (!c) return "--cookie: " + c.error().message();
        o.cookie = std::move(*c);
    }
    if (!how.cookie_file.empty()) o.cookie_file = how.cookie_file;
    if (!how.tls_optfile.empty()) o.tls = tls_options{.optfile = how.tls_optfile};
    o.listen = node_listen::no;
    o.visibility = node_visibility::hidden;
    o.epmd_port = how.epmd_port;
    o.net_setuptime =
        std::chrono::milliseconds(std::max<std::int64_t>(1, static_cast<std::int64_t>(how.timeout * 1000)));
    if (how.port != 0) {
        o.epmd = epmd_mode::none;
        o.peer_port = [port = how.port](const std::string&) { return std::optional(port); };
    }
    o.log = [raw = g.get()](const node_log_event& e) {
        if (e.level < node_log_level::warning) return;
        const std::lock_guard lock(raw->mutex_);
        raw->last_warning_ = e.text;
    };
    auto started = node::start(g->system_, std::move(o));
    if (!started) return started.error().message;
    g->node_.emplace(std::move(*started));
    g->peer_ = atom(how.node);
    return g;
}

std::optional<guest::failure> guest::connect() {
    const auto done = node_->connect(peer_);
    if (done) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return failure{done.error(), last_warning_.empty() ? done.error().message() : last_warning_};
}

}  // namespace rakka::tools
