#include "transport/keep_alive.hpp"

#include <boost/asio/execution_context.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace rakka::transport {
namespace {

class keeper final : public boost::asio::execution_context::service {
public:
    static boost::asio::execution_context::id id;

    explicit keeper(boost::asio::execution_context& owner) : service(owner) {}

    void keep(std::shared_ptr<void> object) {
        const std::lock_guard lock(mutex_);
        objects_.push_back(std::move(object));
    }

private:
    void shutdown() override {
        const std::lock_guard lock(mutex_);
        objects_.clear();
    }

    std::mutex mutex_;
    std::vector<std::shared_ptr<void>> objects_;  // guarded by mutex_
};

boost::asio::execution_context::id keeper::id;

}  // namespace

void keep_until_loop_ends(io_loop& io, std::shared_ptr<void> object) {
    boost::asio::use_service<keeper>(static_cast<boost::asio::execution_context&>(io))
        .keep(std::move(object));
}

}  // namespace rakka::transport
