// An embedded epmd fed by hostile clients: four connections, bytes cut as the input says. The registry keeps
// its bounds.
#include "epmd/server_session.hpp"

#include <rakka/base/check.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

using namespace rakka;
using namespace rakka::epmd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    registry names({.active = 3, .old = 2}, [] { return 1u; });
    std::array<std::unique_ptr<server_session>, 4> sessions;
    int numbers = 0;
    // Each chunk: one byte says which connection, whether it is local and relaxed; one byte its length.
    while (size >= 2) {
        const std::size_t which = data[0] & 3;
        const bool fresh = (data[0] & 4) != 0;
        const session_options options{(data[0] & 8) != 0 ? peer_place::remote : peer_place::local,
                                      (data[0] & 16) != 0 ? command_check::relaxed : command_check::strict,
                                      default_port, connection_number{++numbers}};
        const std::size_t length = std::min<std::size_t>(data[1], size - 2);
        auto& session = sessions[which];
        if (!session || fresh) {
            session.reset();
            session = std::make_unique<server_session>(names, options);
        }
        const auto r = session->received({data + 2, length});
        if (r.then != server_session::next::keep_open) session.reset();
        if (r.then == server_session::next::stop_server) break;
        data += 2 + length;
        size -= 2 + length;
        RAKKA_CHECK(names.active().size() <= 3 && names.old().size() <= 2);
    }
    for (auto& session : sessions)
        session.reset();
    RAKKA_CHECK(names.active().empty());
    return 0;
}
