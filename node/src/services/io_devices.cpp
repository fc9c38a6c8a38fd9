#include "services/io_devices.hpp"

#include "connection/node_core.hpp"
#include "services/io_requests.hpp"

#include <rakka/actors/process.hpp>
#include <rakka/actors/send.hpp>

#include <cstdio>
#include <utility>

namespace rakka::detail {
namespace {

class device final : public message_handler {
public:
    device(std::shared_ptr<node_core> core, std::FILE* out) : core_(std::move(core)), out_(out) {}

    next handle(term message) override {
        const auto request = io_request::read(message);
        if (!request) return next::wait();
        const io_outcome outcome = io_outcome_of(request->body);
        if (!outcome.printed.empty()) {
            // Whoever reads the output may keep it waiting.
            rakka::blocking([&] {
                std::fwrite(outcome.printed.data(), 1, outcome.printed.size(), out_);
                std::fflush(out_);
            });
        }
        const term answer = request->reply(outcome.reply);
        if (request->client.is_local()) {
            send(request->client, answer);
        } else {
            core_->outbound.post(self(), request->client, answer);
        }
        return next::wait();
    }

private:
    const std::shared_ptr<node_core> core_;
    std::FILE* const out_;
};

}  // namespace

std::unique_ptr<message_handler> make_user(std::shared_ptr<node_core> core) {
    return std::make_unique<device>(std::move(core), stdout);
}

std::unique_ptr<message_handler> make_standard_error(std::shared_ptr<node_core> core) {
    return std::make_unique<device>(std::move(core), stderr);
}

}  // namespace rakka::detail
