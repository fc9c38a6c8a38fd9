#include "between.hpp"

#include "relay.hpp"

#include <rakka/node/epmd_client.hpp>
#include <rakka/node/epmd_server.hpp>

#include <boost/asio/post.hpp>

#include <future>
#include <stdexcept>

namespace rakka::interop {

between::between(const std::vector<std::string>& members) : members_(members), work_(io_.get_executor()) {
    for (const std::string& own : members) {
        epmd_server_options o;
        o.any_free_port = true;
        o.addresses = {"127.0.0.1"};
        for (const std::string& other : members) {
            if (other == own) continue;
            auto& r = relays_[{own, other}] = std::make_unique<relay>(io_);
            o.known.push_back({other, r->port()});
        }
        epmds_.emplace(own, epmd_server::start(system_, std::move(o)).value());
    }
    loop_ = std::thread([this] { io_.run(); });
}

between::~between() {
    io_.stop();
    loop_.join();
}

std::uint16_t between::epmd_port(const std::string& member) const {
    return epmds_.at(member).port();
}

template <class F>
void between::on_loop(F f) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
        f();
        done.set_value();
    });
    done.get_future().get();
}

void between::has_started(const std::string& member) {
    const auto found = epmd_port_of(system_, member, {.host = "127.0.0.1", .port = epmd_port(member)});
    if (!found) throw std::runtime_error(member + ": " + found.error().message);
    ports_[member] = *found;
    on_loop([&] {
        for (const std::string& other : members_)
            if (other != member) relays_.at({other, member})->set_target(*found);
    });
}

void between::set(const std::string& a, const std::string& b, way w) {
    on_loop([&] {
        relays_.at({a, b})->set(w);
        relays_.at({b, a})->set(w);
    });
}

}  // namespace rakka::interop
