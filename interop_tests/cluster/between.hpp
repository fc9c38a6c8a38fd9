// What lies between the members of a cluster: each sees the others through relays that can be cut and held.
#pragma once

#include <rakka/rakka.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace rakka::interop {

/// The way from one member to another.
enum class way {
    open,
    cut,   ///< connections end, and new ones are refused
    held,  ///< nothing gets through, and nobody is told
};

class relay;

/// An epmd for each member, in which the others have the ports of relays. Members are the parts of names
/// before the @, all at 127.0.0.1. Blocks; used by the test's thread.
class between {
public:
    explicit between(const std::vector<std::string>& members);
    ~between();
    between(const between&) = delete;
    between& operator=(const between&) = delete;

    /// The epmd that `member` must use.
    [[nodiscard]] std::uint16_t epmd_port(const std::string& member) const;
    /// `member` is registered there: from now on the others can connect to it. Throws when it is not.
    void has_started(const std::string& member);
    /// Where `member` really listens.
    [[nodiscard]] std::uint16_t port(const std::string& member) const { return ports_.at(member); }
    /// Both ways between two.
    void set(const std::string& a, const std::string& b, way w);

private:
    template <class F>
    void on_loop(F f);

    std::vector<std::string> members_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::map<std::pair<std::string, std::string>, std::unique_ptr<relay>> relays_;  // from, to
    std::map<std::string, std::uint16_t> ports_;
    rakka::system system_{{.workers = 1}};
    std::map<std::string, epmd_server> epmds_;
    std::thread loop_;
};

}  // namespace rakka::interop
