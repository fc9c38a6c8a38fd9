#include "services/epmd_registration.hpp"

#include "epmd/registration_fsm.hpp"
#include "services/epmd_driver.hpp"

#include <fmt/format.h>

#include <utility>

namespace rakka::detail {

epmd_registration::epmd_registration(transport::io_loop& io, std::string host, std::uint16_t epmd_port,
                                     std::string alive, std::uint16_t node_port, events tell) {
    epmd::node_entry entry;
    entry.name = std::move(alive);
    entry.port = node_port;
    fsm_ = std::make_shared<epmd::registration_fsm>(std::move(entry), fmt::format("{}:{}", host, epmd_port));
    driver_ = std::make_shared<epmd_driver>(
        io, std::move(host), epmd_port, epmd::reply_timeout,
        [fsm = fsm_](const epmd::event& e) { return fsm->resume(e); },
        [fsm = fsm_, tell = std::move(tell)](const epmd::action& a) {
            if (a.kind == epmd::action_kind::fail) return tell.failed(fsm->error());
            switch (a.news) {
                case epmd::news::registered:
                    return tell.registered(fsm->creation());
                case epmd::news::registered_again:
                    return tell.changed(a.news, nullptr);
                case epmd::news::lost:
                case epmd::news::retry_failed:
                    return tell.changed(a.news, &fsm->error());
                case epmd::news::nothing:
                    return;
            }
        });
}

epmd_registration::~epmd_registration() {
    driver_->stop();
}

void epmd_registration::start() {
    driver_->start();
}

}  // namespace rakka::detail
