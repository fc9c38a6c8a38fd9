#include "discovery/dns_lookup.hpp"

#include "printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <array>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

namespace rakka::discovery {
namespace {

ns_type code_of(record_type t) {
    switch (t) {
        case record_type::a:
            return ns_t_a;
        case record_type::aaaa:
            return ns_t_aaaa;
        default:
            return ns_t_srv;
    }
}

std::string address_text(int family, const unsigned char* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, bytes, text.data(), text.size()) == nullptr ? std::string() : text.data();
}

/// One record as text; empty when it is malformed.
std::string record_text(const ns_msg& message, const ns_rr& r, record_type type) {
    if (type == record_type::a) return ns_rr_rdlen(r) == 4 ? address_text(AF_INET, ns_rr_rdata(r)) : "";
    if (type == record_type::aaaa) return ns_rr_rdlen(r) == 16 ? address_text(AF_INET6, ns_rr_rdata(r)) : "";
    constexpr std::size_t before_target = 6;  // priority, weight, port
    std::array<char, NS_MAXDNAME> target{};
    if (ns_rr_rdlen(r) <= before_target ||
        ::ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(r) + before_target,
                             target.data(), target.size()) < 0)
        return {};
    return target.data();
}

/// The state of one lookup: the C library's resolver, with a server of ours if there is one.
class resolver {
public:
    explicit resolver(const dns_server& server) : ready_(::res_ninit(&state_) == 0) {
        if (!ready_) return;
        state_.retrans = static_cast<int>(std::clamp<std::int64_t>(server.patience.count(), 1, 30));
        state_.retry = 2;
        if (server.address.empty()) return;
        state_.nscount = 1;
        state_.nsaddr_list[0] = {};
        state_.nsaddr_list[0].sin_family = AF_INET;
        state_.nsaddr_list[0].sin_port = htons(server.port);
        ready_ = ::inet_pton(AF_INET, server.address.c_str(), &state_.nsaddr_list[0].sin_addr) == 1;
    }
    ~resolver() { ::res_nclose(&state_); }
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    [[nodiscard]] bool ready() const noexcept { return ready_; }
    /// The length of the answer; negative: see error().
    [[nodiscard]] int ask(const std::string& name, record_type type, std::vector<std::uint8_t>& answer) {
        return ::res_nsearch(&state_, name.c_str(), ns_c_in, code_of(type), answer.data(),
                             static_cast<int>(answer.size()));
    }
    [[nodiscard]] int error() const noexcept { return state_.res_h_errno; }

private:
    struct __res_state state_ {};
    bool ready_;
};

}  // namespace

std::string explain_bad_server(const dns_server& server) {
    in_addr ignored{};
    if (server.address.empty() || ::inet_pton(AF_INET, server.address.c_str(), &ignored) == 1) return {};
    return fmt::format("dns_server::address is \"{}\", which is no IPv4 address",
                       detail::printable(server.address));
}

std::vector<std::string> read_records(std::span<const std::uint8_t> message, record_type type) {
    std::vector<std::string> found;
    ns_msg parsed{};
    if (::ns_initparse(message.data(), static_cast<int>(message.size()), &parsed) < 0) return found;
    const int count = std::min<int>(ns_msg_count(parsed, ns_s_an), max_records);
    for (int i = 0; i < count; ++i) {
        ns_rr record{};
        if (::ns_parserr(&parsed, ns_s_an, i, &record) < 0) break;
        if (ns_rr_class(record) != ns_c_in || ns_rr_type(record) != code_of(type)) continue;  // an alias
        std::string text = record_text(parsed, record, type);
        if (!text.empty()) found.push_back(std::move(text));
    }
    return found;
}

dns_answer ask_dns(const std::string& name, record_type type, const dns_server& server) {
    resolver r(server);
    if (!r.ready()) return {{}, "the resolver of this machine cannot be used"};
    std::vector<std::uint8_t> answer(NS_MAXMSG);
    const int size = r.ask(name, type, answer);
    if (size >= 0) {
        answer.resize(std::min(answer.size(), static_cast<std::size_t>(size)));
        return {read_records(answer, type), {}};
    }
    if (r.error() == HOST_NOT_FOUND || r.error() == NO_DATA) return {};
    return {{}, ::hstrerror(r.error())};
}

}  // namespace rakka::discovery
