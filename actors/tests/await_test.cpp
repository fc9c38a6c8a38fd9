// Asio operations that a process waits for in a straight line.
#include "actors_support.hpp"
#include "engine_support.hpp"

#include <rakka/actors/await.hpp>
#include <rakka/actors/io.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <tuple>
#include <vector>

namespace rakka::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using error_code = boost::system::error_code;

class awaiting : public every_mode {};

tcp::acceptor listen() {
    return {io_context_of(this_system()), tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
}
tcp::socket new_socket() {
    return tcp::socket(io_context_of(this_system()));
}

/// Two ends of one connection.
std::pair<tcp::socket, tcp::socket> connected() {
    tcp::acceptor acceptor = listen();
    tcp::socket client = new_socket();
    client.async_connect(acceptor.local_endpoint(), await);
    return {std::move(client), acceptor.async_accept(await)};
}

/// Two descriptors a connection, in one program.
void allow_descriptors(rlim_t wanted) {
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min(limit.rlim_max, wanted);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ASSERT_GE(limit.rlim_cur, wanted) << "this test needs more open files";
}

TEST_P(awaiting, an_echo_server_has_a_process_for_each_of_a_thousand_peers) {
    constexpr int peers = detail::test::under_sanitizer ? 200 : 1000;
    constexpr int rounds = 5;
    allow_descriptors(2 * peers + 100);
    std::atomic<int> echoed{0}, closed{0};
    in_process([&] {
        const auto serve = [&closed](tcp::socket& peer) {
            std::array<char, 256> data;
            for (;;) {
                error_code ec;
                const std::size_t n = peer.async_read_some(asio::buffer(data), await[ec]);
                if (ec == asio::error::eof) break;
                ASSERT_FALSE(ec) << ec.message();
                asio::async_write(peer, asio::buffer(data, n), await);
            }
            ++closed;
        };
        tcp::acceptor acceptor = listen();
        acceptor.listen(peers);
        const tcp::endpoint where = acceptor.local_endpoint();
        const auto [server, server_ref] = spawn_monitor([&, acceptor = std::move(acceptor)]() mutable {
            for (int i = 0; i < peers; ++i) {
                auto peer = std::make_shared<tcp::socket>(acceptor.async_accept(await));
                spawn([=] { serve(*peer); });
            }
        });
        std::vector<reference> clients;
        for (int i = 0; i < peers; ++i) {
            clients.push_back(spawn_monitor([=, &echoed] {
                                  tcp::socket s = new_socket();
                                  s.async_connect(where, await);
                                  for (int r = 0; r < rounds; ++r) {
                                      const std::string text =
                                          "peer " + std::to_string(i) + " round " + std::to_string(r);
                                      asio::async_write(s, asio::buffer(text), await);
                                      std::string back(text.size(), ' ');
                                      asio::async_read(s, asio::buffer(back), await);
                                      if (back == text) ++echoed;
                                  }
                              }).ref);
        }
        for (const reference& c : clients)
            EXPECT_EQ(text(down_reason(c)), "normal");
        EXPECT_EQ(text(down_reason(server_ref)), "normal");
    });
    sys.run_until_done();
    EXPECT_EQ(echoed, peers * rounds);
    EXPECT_EQ(closed, peers);
}

TEST_P(awaiting, errors_are_thrown_or_stored) {
    in_process([] {
        auto [a, b] = connected();
        b.close();
        std::array<char, 8> data;
        try {
            a.async_read_some(asio::buffer(data), await);
            FAIL() << "the peer has closed";
        } catch (const boost::system::system_error& e) {
            EXPECT_EQ(e.code(), asio::error::eof);
        }
        auto [c, d] = connected();  // asked again at its end, a socket may wait for what it has told already
        d.close();
        error_code ec;
        EXPECT_EQ(c.async_read_some(asio::buffer(data), await[ec]), 0U);
        EXPECT_EQ(ec, asio::error::eof);
        const auto other = spawn_monitor([] {
            tcp::socket s = new_socket();
            s.async_read_some(asio::mutable_buffer(), await);  // not open
        });
        const term why = down_reason(other.ref);
        EXPECT_NE(text(why).find("Bad file descriptor"), std::string::npos) << text(why);
    });
}

TEST_P(awaiting, a_process_waits_where_others_go_on) {
    in_process([] {
        const pid parent = self();
        const auto p = spawn_monitor([=] {
            asio::steady_timer timer(io_context_of(this_system()), 30ms);
            const auto before = this_system().now();
            timer.async_wait(await);
            EXPECT_GE(this_system().now() - before, 29ms);
            EXPECT_EQ(text(next_message()), "meanwhile") << "messages queue up";
            send(parent, "done"_a);
        });
        while (process_info(p.pid)->status != process_status::waiting)
            yield();
        send(p.pid, "meanwhile"_a);
        EXPECT_TRUE(is_alive(p.pid)) << "takes in signals while it waits";
        EXPECT_EQ(text(next_message()), "done");
    });
}

TEST_P(awaiting, an_exit_signal_cancels_what_a_process_waits_for) {
    in_process([] {
        auto ends = connected();
        tcp::socket& far = ends.second;
        std::atomic<bool> unwound{false};
        struct marks_end {
            std::atomic<bool>& flag;
            ~marks_end() { flag = true; }
        };
        auto near = std::make_shared<tcp::socket>(std::move(ends.first));
        const auto p = spawn_monitor([&unwound, near]() mutable {
            const marks_end at_end{unwound};
            const tcp::socket own = std::move(*near);
            std::array<char, 8> data;
            const_cast<tcp::socket&>(own).async_read_some(asio::buffer(data), await);
        });
        EXPECT_TRUE(is_alive(p.pid));
        exit(p.pid, "kill"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "killed");
        EXPECT_TRUE(unwound);
        // The socket went with the process.
        error_code ec;
        std::array<char, 8> data;
        far.async_read_some(asio::buffer(data), await[ec]);
        EXPECT_EQ(ec, asio::error::eof);
    });
}

TEST_P(awaiting, ends_in_good_order_when_the_signal_and_the_data_come_at_once) {
    in_process([] {
        for (int i = 0; i < (detail::test::under_sanitizer ? 50 : 500); ++i) {
            auto ends = connected();
            auto near = std::make_shared<tcp::socket>(std::move(ends.first));
            const auto p = spawn_monitor([near] {
                std::array<char, 8> data;
                for (;;)
                    near->async_read_some(asio::buffer(data), await);
            });
            if (i % 2 == 0) yield();
            asio::async_write(ends.second, asio::buffer("x", 1), await);
            exit(p.pid, "stop"_a);
            EXPECT_EQ(text(down_reason(p.ref)), "stop");
        }
    });
}

/// Operations of one's own, with other signatures.
template <class Signature, class Start, class Token>
auto run(Start&& start, Token&& token) {
    return asio::async_initiate<Token, Signature>(std::forward<Start>(start), token);
}

/// A hundred waits in a row that hand on the cancellation slot and nothing else, of the kind that people
/// write.
template <class Handler>
struct hundred_waits {
    std::shared_ptr<asio::steady_timer> timer;
    Handler handler;
    int left = 100;
    using cancellation_slot_type = asio::cancellation_slot;
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
        return handler.get_cancellation_slot();
    }
    void operator()(error_code ec) {
        if (ec || left-- == 0) return std::move(handler)(ec);
        timer->expires_after(left % 2 == 0 ? 0ms : 1ms);
        auto* const t = timer.get();
        t->async_wait(std::move(*this));
    }
};

TEST_P(awaiting, an_operation_of_many_steps_is_cancelled_too) {
    in_process([] {
        for (int i = 0; i < 10; ++i) {
            const auto p = spawn_monitor([] {
                run<void(error_code)>(
                    [](auto handler) {
                        auto timer = std::make_shared<asio::steady_timer>(io_context_of(this_system()));
                        hundred_waits<decltype(handler)>{timer, std::move(handler)}(error_code());
                    },
                    await);
            });
            if (i % 2 != 0) static_cast<void>(receive_if([](term_view) { return false; }, 3ms));
            exit(p.pid, "kill"_a);
            EXPECT_EQ(text(down_reason(p.ref)), "killed");
        }
    });
}

TEST_P(awaiting, a_trapped_exit_is_a_message_for_afterwards) {
    in_process([] {
        const auto p = spawn_monitor([] {
            trap_exit(true);
            asio::steady_timer timer(io_context_of(this_system()), 20ms);
            timer.async_wait(await);
            EXPECT_TRUE(next_message().is_tagged("EXIT"_a, 3));
        });
        while (!process_info(p.pid)->trap_exit)
            yield();
        exit(p.pid, "please"_a);
        EXPECT_EQ(text(down_reason(p.ref)), "normal");
    });
}

TEST_P(awaiting, works_in_callbacks_and_destructors) {
    class sleeper final : public message_handler {
        next handle(term message) override {
            asio::steady_timer timer(io_context_of(this_system()), 5ms);
            timer.async_wait(await);
            send(*message.as<pid>(), "slept"_a);
            return next::wait();
        }
    };
    struct says_goodbye {
        pid to;
        ~says_goodbye() {
            asio::steady_timer timer(io_context_of(this_system()), 5ms);
            error_code ec;
            timer.async_wait(await[ec]);
            send(to, ec ? "cancelled"_a : "goodbye"_a);
        }
    };
    in_process([] {
        const pid p = spawn(std::make_unique<sleeper>());
        send(p, self());
        EXPECT_EQ(text(next_message()), "slept");
        exit(p, "kill"_a);
        const pid parent = self();
        const auto q = spawn_monitor([=] {
            const says_goodbye at_end{parent};
            send(parent, "ready"_a);
            receive(on("never"_a, [] {}));
        });
        EXPECT_EQ(text(next_message()), "ready");
        exit(q.pid, "enough"_a);
        EXPECT_EQ(text(next_message()), "goodbye") << "unwinding is not cut short";
        EXPECT_EQ(text(down_reason(q.ref)), "enough");
    });
}

TEST_P(awaiting, gives_what_an_operation_completes_with) {
    in_process([] {
        const auto later = [](auto... values) {
            return [=](auto handler) {
                asio::post(io_context_of(this_system()),
                           [=, handler = std::move(handler)]() mutable { std::move(handler)(values...); });
            };
        };
        static_assert(std::is_void_v<decltype(run<void()>(later(), await))>);
        run<void()>(later(), await);
        run<void(error_code)>(later(error_code()), await);
        EXPECT_EQ(run<void(int)>(later(3), await), 3);
        EXPECT_EQ((run<void(error_code, int, std::string)>(later(error_code(), 3, std::string("x")), await)),
                  std::tuple(3, std::string("x")));
        const auto broken = std::make_exception_ptr(std::runtime_error("broken"));
        EXPECT_THROW(run<void(std::exception_ptr)>(later(broken), await), std::runtime_error);
        // A handler that is dropped, and an operation that does not even begin.
        EXPECT_THROW(run<void(int)>([](auto handler) { auto dropped = std::move(handler); }, await),
                     boost::system::system_error);
        EXPECT_THROW(run<void(int)>([](auto) { throw std::logic_error("no"); }, await), std::logic_error);
        error_code ec;
        EXPECT_EQ(
            (run<void(error_code, int)>([](auto handler) { auto dropped = std::move(handler); }, await[ec])),
            0);
        EXPECT_EQ(ec, asio::error::operation_aborted);
        // One that completes before it has returned.
        EXPECT_EQ(run<void(int)>([](auto handler) { std::move(handler)(4); }, await), 4);
    });
}

TEST_P(awaiting, the_system_stops_with_operations_under_way) {
    for (int i = 0; i < 20; ++i) {
        sys.spawn([] {
            tcp::acceptor acceptor = listen();
            static_cast<void>(acceptor.async_accept(await));
        });
    }
    EXPECT_EQ(sys.stop(), 0U);
}

TEST(awaiting, needs_a_process_and_an_event_loop) {
    asio::io_context context;
    asio::steady_timer timer(context, 1ms);
    EXPECT_THROW(timer.async_wait(await), std::logic_error);
    rakka::system simulated({.simulation = true});
    simulated.run([&] { EXPECT_THROW(timer.async_wait(await), std::logic_error); });
}

/// Those with an event loop.
const mode threaded_modes[] = {all_modes[0], all_modes[1], all_modes[2], all_modes[3]};
INSTANTIATE_TEST_SUITE_P(modes, awaiting, ::testing::ValuesIn(threaded_modes), mode_name);

}  // namespace
}  // namespace rakka::testing
