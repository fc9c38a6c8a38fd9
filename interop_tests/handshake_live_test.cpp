// The handshake and epmd machines against real BEAMs and a real epmd.
#include "blocking_sockets.hpp"
#include "epmd/query_fsm.hpp"
#include "epmd/registration_fsm.hpp"
#include "epmd/server_session.hpp"
#include "handshake/acceptor_fsm.hpp"
#include "handshake/initiator_fsm.hpp"
#include "support/beam_node.hpp"
#include "support/otp_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace rakka::interop {
namespace {

using namespace handshake;
using testing::HasSubstr;

constexpr const char* shared_cookie = "rakka_interop";

node_name name_of(std::string_view text) {
    return node_name::parse(text).value();
}

class handshake_live : public otp_test {
protected:
    std::uint16_t port_of(const beam_node& node) {
        const std::string alive(name_of(node.name()).alive());
        auto q = epmd::query_fsm::lookup(alive, "127.0.0.1");
        ask_epmd(epmd().port(), q);
        return q.node().port;
    }

    static initiator_options dialling(std::string_view peer) {
        return {.own_name = name_of("cpp@127.0.0.1"),
                .own_host = "127.0.0.1",
                .own_creation = random_creation(),
                .peer = name_of(peer),
                .peer_cookie = cookie::from_text(shared_cookie).value(),
                .carrier = {}};
    }

    /// Dials `node`; the socket stays open in `socket_`.
    bool dials(const beam_node& node, initiator_options o) {
        socket_ = dial(port_of(node));
        machine_.emplace(std::move(o), random_challenge());
        return shake_hands(socket_.get(), *machine_, [](action_kind) { return event(attempt::wanted); });
    }

    /// What a new BEAM says to net_kernel:connect_node towards a Rakka acceptor, with the acceptor's outcome.
    struct accepted {
        std::string beam_says;
        std::optional<established> outcome;
        std::string error;
    };
    accepted is_dialled_by(beam_node& node, std::string_view own_cookie) {
        auto [listener, port] = listen_anywhere();
        epmd::registration_fsm registration({.name = "srv", .port = port, .extra = {}}, "127.0.0.1");
        const unique_fd registered = ask_epmd(epmd().port(), registration);
        auto says = node.eval_async("net_kernel:connect_node('srv@127.0.0.1')");
        unique_fd s = accept_one(listener);
        acceptor_fsm m({.own_name = name_of("srv@127.0.0.1"),
                        .own_creation = registration.creation(),
                        .own_cookie = cookie::from_text(own_cookie).value(),
                        .carrier = {}},
                       random_challenge());
        accepted r;
        if (shake_hands(s.get(), m, [](action_kind k) {
                return k == action_kind::take_over ? event(taken_over{}) : event(peer_allowed{});
            })) {
            r.outcome = m.take_result();
        } else {
            r.error = m.error().message();
            s.reset();  // as `fail` demands; else the BEAM waits for its setup timer
        }
        r.beam_says = says.get();
        return r;
    }

    unique_fd socket_;
    std::optional<initiator_fsm> machine_;
};
RAKKA_OTP_TEST_SUITE(handshake_live);

TEST_P(handshake_live, dials_a_beam_as_a_hidden_node) {
    auto alice = start_erlang("alice");
    ASSERT_TRUE(dials(alice, dialling(alice.name()))) << machine_->error().message();
    const established e = machine_->take_result();
    EXPECT_EQ(alice.eval(hidden_nodes_soon), "['cpp@127.0.0.1']");
    EXPECT_EQ(std::to_string(e.peer_creation.value()), alice.eval("erlang:system_info(creation)"));
    EXPECT_TRUE(e.effective_flags.has_all(flag_sets::mandatory));
}

TEST_P(handshake_live, the_flags_of_a_beam_are_those_the_table_names) {
    auto alice = start_erlang("alice");
    ASSERT_TRUE(dials(alice, dialling(alice.name()))) << machine_->error().message();
    const distribution_flags new_in_28{distribution_flag::altact_sig, distribution_flag::native_records};
    const distribution_flags expected =
        release() >= 29 ? flag_sets::wanted_visible : flag_sets::wanted_visible.without(new_in_28);
    EXPECT_EQ(machine_->take_result().peer_flags, expected);
}

TEST_P(handshake_live, names_the_cookie_when_it_is_wrong) {
    auto alice = start_erlang("alice");
    initiator_options o = dialling(alice.name());
    o.peer_cookie = cookie::from_text("wrong").value();
    ASSERT_FALSE(dials(alice, o));
    EXPECT_THAT(machine_->error().message(), HasSubstr("the cookies differ"));
    EXPECT_EQ(alice.eval("nodes(connected)"), "[]");
}

TEST_P(handshake_live, replaces_a_connection_the_beam_believes_is_up) {
    auto alice = start_erlang("alice");
    ASSERT_TRUE(dials(alice, dialling(alice.name())));
    const unique_fd old = std::move(socket_);
    bool was_asked = false;
    socket_ = dial(port_of(alice));
    initiator_fsm again(dialling(alice.name()), random_challenge());
    ASSERT_TRUE(shake_hands(socket_.get(), again, [&](action_kind k) {
        was_asked = k == action_kind::check_attempt;
        return event(attempt::wanted);
    })) << again.error().message();
    EXPECT_TRUE(was_asked);
    EXPECT_EQ(alice.eval(hidden_nodes_soon), "['cpp@127.0.0.1']");
}

TEST_P(handshake_live, is_given_a_name_when_it_has_none) {
    auto alice = start_erlang("alice");
    initiator_options o = dialling(alice.name());
    o.own_name.reset();
    ASSERT_TRUE(dials(alice, o)) << machine_->error().message();
    EXPECT_EQ(alice.eval(hidden_nodes_soon), "['" + machine_->take_result().own_name.text() + "']");
}

TEST_P(handshake_live, names_the_flags_when_the_beam_refuses_them) {
    auto alice = start_erlang("alice");
    initiator_options o = dialling(alice.name());
    o.own_flags = flag_sets::mandatory.without({distribution_flag::map_tag});
    ASSERT_FALSE(dials(alice, o));
    EXPECT_EQ(machine_->error().code, node_errc::handshake_not_allowed);
    EXPECT_TRUE(alice.wait_for_output("MAP_TAG"));
}

TEST_P(handshake_live, says_that_another_node_answered) {
    auto alice = start_erlang("alice");
    ASSERT_FALSE(dials(alice, dialling("bob@127.0.0.1")));
    EXPECT_THAT(machine_->error().message(), HasSubstr("calls itself \"alice@127.0.0.1\""));
}

TEST_P(handshake_live, accepts_a_beam) {
    auto alice = start_erlang("alice");
    const accepted r = is_dialled_by(alice, shared_cookie);
    ASSERT_TRUE(r.outcome) << r.error;
    EXPECT_EQ(r.beam_says, "true");
    EXPECT_EQ(r.outcome->peer_name, name_of(alice.name()));
    EXPECT_EQ(std::to_string(r.outcome->peer_creation.value()), alice.eval("erlang:system_info(creation)"));
}

TEST_P(handshake_live, refuses_a_beam_with_another_cookie) {
    auto alice = start_erlang("alice");
    const accepted r = is_dialled_by(alice, "different");
    EXPECT_FALSE(r.outcome);
    EXPECT_EQ(r.beam_says, "false");
    EXPECT_THAT(r.error, HasSubstr("alice@127.0.0.1 uses another cookie"));
}

TEST_P(handshake_live, lists_and_misses_names_at_a_real_epmd) {
    auto alice = start_erlang("alice");
    auto all = epmd::query_fsm::names(epmd().port(), "127.0.0.1");
    ask_epmd(epmd().port(), all);
    ASSERT_EQ(all.all_names().nodes.size(), 1u);
    EXPECT_EQ(all.all_names().nodes[0].name, "alice");
    auto missing = epmd::query_fsm::lookup("nobody", "127.0.0.1");
    ask_epmd(epmd().port(), missing);
    EXPECT_EQ(missing.error().code, node_errc::node_not_registered);
    epmd::registration_fsm taken({.name = "alice", .port = 1, .extra = {}}, "127.0.0.1");
    EXPECT_FALSE(ask_epmd(epmd().port(), taken));
    EXPECT_EQ(taken.error().code, node_errc::node_name_taken);
}

/// The server half of epmd on a thread of its own; ends when destroyed.
class embedded_epmd {
public:
    embedded_epmd() {
        auto [listener, port] = listen_anywhere();
        listener_ = std::move(listener);
        port_ = port;
        thread_ = std::thread([this] { serve(); });
    }
    ~embedded_epmd() {
        stopping_ = true;
        const unique_fd wake = dial(port_);
        thread_.join();
    }
    std::uint16_t port() const { return port_; }

private:
    struct client {
        unique_fd socket;
        std::unique_ptr<epmd::server_session> session;
    };

    void serve() {
        while (!stopping_) {
            std::vector<pollfd> ready{{listener_.get(), POLLIN, 0}};
            for (const auto& [fd, c] : clients_)
                ready.push_back({fd, POLLIN, 0});
            ::poll(ready.data(), ready.size(), -1);
            if (ready[0].revents != 0) accept_client();
            for (std::size_t i = 1; i < ready.size(); ++i) {
                if (ready[i].revents != 0) read_from(ready[i].fd);
            }
        }
    }
    void accept_client() {
        unique_fd s{::accept(listener_.get(), nullptr, nullptr)};
        const int fd = s.get();
        const epmd::session_options o{epmd::peer_place::local, epmd::command_check::strict, port_,
                                      epmd::connection_number{fd}};
        clients_[fd] = {std::move(s), std::make_unique<epmd::server_session>(names_, o)};
    }
    void read_from(int fd) {
        std::array<std::uint8_t, 4096> buffer;
        const ssize_t n = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (n <= 0) {
            clients_.erase(fd);
            return;
        }
        const auto r = clients_[fd].session->received(byte_view(buffer.data(), static_cast<std::size_t>(n)));
        write_all(fd, r.reply);
        if (r.then != epmd::server_session::next::keep_open) clients_.erase(fd);
    }

    unique_fd listener_;
    std::uint16_t port_ = 0;
    epmd::registry names_;
    std::map<int, client> clients_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

TEST_P(handshake_live, beams_live_on_the_embedded_epmd) {
    embedded_epmd ours;
    auto at_ours = [&](std::string_view alive) {
        beam_options o = options(alive);
        o.epmd_port = ours.port();
        return o;
    };
    beam_node alice{at_ours("alice")};
    std::string first_creation;
    {
        beam_node bob{at_ours("bob")};
        first_creation = bob.eval("erlang:system_info(creation)");
        EXPECT_EQ(alice.eval("net_adm:ping('bob@127.0.0.1')"), "pong");
        EXPECT_EQ(alice.eval("{ok, L} = net_adm:names({127,0,0,1}), lists:sort([N || {N, _} <- L])"),
                  R"(["alice","bob"])");
        EXPECT_THROW(beam_node{at_ours("bob")}, harness_error) << "the name is taken";
    }
    EXPECT_EQ(alice.eval("net_adm:ping('bob@127.0.0.1')"), "pang");
    beam_node bob{at_ours("bob")};
    EXPECT_NE(bob.eval("erlang:system_info(creation)"), first_creation);
    EXPECT_EQ(alice.eval("net_adm:ping('bob@127.0.0.1')"), "pong");
}

}  // namespace
}  // namespace rakka::interop
