#include "transport/loop_world.hpp"

#include <boost/asio/execution_context.hpp>

#include <utility>

namespace rakka::transport {
namespace {

namespace asio = boost::asio;

class holder final : public asio::execution_context::service {
public:
    static asio::execution_context::id id;

    explicit holder(asio::execution_context& owner) : service(owner) {}

    std::shared_ptr<loop_world> world;

private:
    void shutdown() override {}  // what is destroyed with the loop may still close its sockets
};

asio::execution_context::id holder::id;

}  // namespace

void set_world(io_loop& io, std::shared_ptr<loop_world> world) {
    asio::use_service<holder>(static_cast<asio::execution_context&>(io)).world = std::move(world);
}

loop_world* world_of(io_loop& io) noexcept {
    auto& context = static_cast<asio::execution_context&>(io);
    return asio::has_service<holder>(context) ? asio::use_service<holder>(context).world.get() : nullptr;
}

}  // namespace rakka::transport
