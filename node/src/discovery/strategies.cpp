// The strategies that need no packets of their own: lists, and names in the domain name system.
#include "discovery/dns_lookup.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/receive.hpp>

#include <fmt/format.h>

#include <utility>

namespace rakka::discovery {
namespace {

class list final : public strategy {
public:
    explicit list(std::vector<std::string> nodes) : nodes_(std::move(nodes)) {}
    void run(const findings& to) override { to.all(nodes_); }

private:
    const std::vector<std::string> nodes_;
};

/// Nodes called after records: of one name, looked up again and again.
class dns final : public strategy {
public:
    dns(dns_poll_options o, std::vector<record_type> types)
        : options_(std::move(o)), types_(std::move(types)) {}

    void run(const findings& to) override {
        while (true) {
            poll(to);
            static_cast<void>(receive_if([](term_view) { return false; }, options_.polling_interval));
        }
    }

private:
    void poll(const findings& to) const {
        std::vector<std::string> nodes;
        std::string failure = explain_bad_server(options_.server);
        for (const record_type type : types_) {
            if (!failure.empty()) break;
            const dns_answer answer =
                blocking([&] { return ask_dns(options_.query, type, options_.server); });
            for (const std::string& record : answer.records)
                nodes.push_back(options_.node_basename + '@' + record);
            if (!answer.failure.empty())
                failure = fmt::format("looking up {} in DNS failed: {}", options_.query, answer.failure);
        }
        // Of half an answer, what is there counts, but not what is missing.
        if (failure.empty()) {
            to.all(std::move(nodes));
        } else if (!nodes.empty()) {
            to.found(std::move(nodes));
        }
        to.trouble(std::move(failure));
    }

    const dns_poll_options options_;
    const std::vector<record_type> types_;
};

}  // namespace

strategy_ptr static_list(std::vector<std::string> nodes) {
    return std::make_shared<list>(std::move(nodes));
}

strategy_ptr dns_poll(dns_poll_options options) {
    return std::make_shared<dns>(std::move(options), std::vector{record_type::a, record_type::aaaa});
}

strategy_ptr dns_srv(dns_srv_options options) {
    dns_poll_options o{std::move(options.query), std::move(options.node_basename), options.polling_interval,
                       std::move(options.server)};
    return std::make_shared<dns>(std::move(o), std::vector{record_type::srv});
}

}  // namespace rakka::discovery
