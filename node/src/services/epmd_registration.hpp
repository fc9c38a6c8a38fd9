// Keeps the node's name registered with epmd as long as it lives.
#pragma once

#include "epmd/epmd_client_io.hpp"
#include "transport/io_loop.hpp"

#include <rakka/node/creation.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace rakka::epmd {
class registration_fsm;
}

namespace rakka::detail {

class epmd_driver;

/// I/O thread.
class epmd_registration {
public:
    struct events {
        std::function<void(creation)> registered;             ///< the first time
        std::function<void(const epmd::epmd_error&)> failed;  ///< the first time; it is over then
        std::function<void(epmd::news, const epmd::epmd_error*)> changed;  ///< lost and found again later
    };

    epmd_registration(transport::io_loop& io, std::string host, std::uint16_t epmd_port, std::string alive,
                      std::uint16_t node_port, events tell);
    ~epmd_registration();

    void start();

private:
    std::shared_ptr<epmd::registration_fsm> fsm_;
    std::shared_ptr<epmd_driver> driver_;
};

}  // namespace rakka::detail
