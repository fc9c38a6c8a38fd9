#include "support/control_channel.hpp"

#include "support/harness_error.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace rakka::interop {

namespace {

using std::chrono::milliseconds;

void append_u32(std::string& out, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>((value >> shift) & 0xff));
}

std::uint32_t read_u32(std::string_view in) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | static_cast<unsigned char>(in[i]);
    return value;
}

std::string control_module_source() {
    std::ifstream file{RAKKA_INTEROP_SUPPORT_DIR "/rakka_control.erl"};
    std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (text.empty()) throw harness_error{"cannot read rakka_control.erl in " RAKKA_INTEROP_SUPPORT_DIR};
    return text;
}

}  // namespace

control_channel::control_channel() : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 1) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
        throw harness_error{"control channel: " + std::string{std::strerror(errno)}};
    }
    port_ = ntohs(address.sin_port);
}

control_channel::~control_channel() {
    if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
    if (reader_.joinable()) reader_.join();
}

std::string control_channel::bootstrap() const {
    return "{ok,S}=gen_tcp:connect({127,0,0,1}," + std::to_string(port_) +
           ",[binary,{packet,4},{active,false},{nodelay,true}]),"
           "{ok,B}=gen_tcp:recv(S,0),"
           "P=fun F(T,L)->case erl_scan:tokens([],T,L) of "
           "{done,{ok,Ts,N},R}->{ok,Form}=erl_parse:parse_form(Ts),[Form|F(R,N)];_->[] end end,"
           "{ok,M,C}=compile:forms(P(binary_to_list(B),1),[]),"
           "{module,M}=code:load_binary(M,atom_to_list(M),C),M:start(S).";
}

std::string control_channel::accept(const child_process& child, milliseconds timeout) {
    std::array<pollfd, 2> events{{{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = child.exit_event(), .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(events.data(), events.size(), static_cast<int>(timeout.count()));
    if (ready <= 0) throw harness_error{"the BEAM did not come up in time; it printed:\n" + child.output()};
    if (events[0].revents == 0) {
        child.wait_for_output("\x01", milliseconds{500});  // never printed: lets the last output arrive
        throw harness_error{"the BEAM exited while starting; it printed:\n" + child.output()};
    }
    socket_ = unique_fd{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_frame(control_module_source());
    std::string name;
    events[0].fd = socket_.get();
    if (::poll(events.data(), events.size(), static_cast<int>(timeout.count())) <= 0 ||
        !receive_frame(name)) {
        throw harness_error{"the BEAM did not load the control module; it printed:\n" + child.output()};
    }
    listener_.reset();
    reader_ = std::thread{[this] { read_replies(); }};
    return name;
}

std::future<std::string> control_channel::request(request_kind kind, std::uint32_t shell,
                                                  std::string_view text) {
    const std::lock_guard lock{mutex_};
    std::promise<std::string> promise;
    auto future = promise.get_future();
    if (closed_) {
        promise.set_exception(std::make_exception_ptr(harness_error{"the BEAM is gone"}));
        return future;
    }
    const auto id = ++last_id_;
    pending_.emplace(id, std::move(promise));
    std::string frame;
    append_u32(frame, id);
    append_u32(frame, shell);
    frame.push_back(static_cast<char>(kind));
    frame.append(text);
    send_frame(frame);
    return future;
}

// A failed send needs no handling of its own: the reader sees the same end of the connection and answers for
// it.
void control_channel::send_frame(std::string_view frame) {
    std::string bytes;
    append_u32(bytes, static_cast<std::uint32_t>(frame.size()));
    bytes.append(frame);
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const auto count = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) return;
        if (count > 0) sent += static_cast<std::size_t>(count);
    }
}

bool control_channel::receive_frame(std::string& frame) {
    const auto read_exactly = [this](std::string& into, std::size_t size) {
        into.resize(size);
        return size == 0 ||
               ::recv(socket_.get(), into.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size);
    };
    std::string header;
    return read_exactly(header, 4) && read_exactly(frame, read_u32(header));
}

void control_channel::read_replies() {
    std::string frame;
    while (receive_frame(frame) && frame.size() >= 5) {
        const std::lock_guard lock{mutex_};
        const auto found = pending_.find(read_u32(frame));
        if (found == pending_.end()) continue;
        if (frame[4] == 0) {
            found->second.set_value(frame.substr(5));
        } else {
            found->second.set_exception(std::make_exception_ptr(beam_error{frame.substr(5)}));
        }
        pending_.erase(found);
    }
    const std::lock_guard lock{mutex_};
    closed_ = true;
    for (auto& [id, promise] : pending_) {
        promise.set_exception(
            std::make_exception_ptr(harness_error{"the BEAM went away before it answered"}));
    }
    pending_.clear();
}

}  // namespace rakka::interop
