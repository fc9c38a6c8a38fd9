// Control messages at the other end of a raw socket: what the node really sends.
#pragma once

#include "support/raw_peer.hpp"
#include "wire/message_reader.hpp"

#include <rakka/etf/term.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

namespace rakka::testing {

/// One control message, with its payload or the reason in its tuple.
struct raw_signal {
    wire::control_message control{};
    term payload{};
    bool closed = false;  ///< by the node, instead

    /// The operation code; 0 when closed.
    [[nodiscard]] int op() const { return closed ? 0 : static_cast<int>(control.op); }
};

/// Reads what the node sends to `peer` after the handshake, made with `flags`. Pids and references of the
/// node are in the form that other nodes see.
class raw_signals {
public:
    explicit raw_signals(raw_peer& peer, distribution_flags flags = flag_sets::wanted)
        : peer_(peer),
          reader_(wire::reader_options{.effective = effective_flags(flag_sets::wanted, flags)}) {}

    /// The next one; ticks are skipped. Waits up to 20 s.
    raw_signal next() {
        wire::inbound_message m;
        while (true) {
            const auto event = reader_.next(m);
            if (!event) {
                ADD_FAILURE() << event.error().text;
                return {{}, {}, true};
            }
            if (*event == wire::message_reader::event::message) {
                raw_signal s{m.control(), {}, false};
                if (m.has_payload()) s.payload = m.payload().value();
                return s;
            }
            if (*event == wire::message_reader::event::tick) continue;
            const std::size_t n = peer_.read_some(reader_.prepare());
            if (n == 0) return {{}, {}, true};
            reader_.commit(n);
        }
    }

private:
    raw_peer& peer_;
    wire::message_reader reader_;
};

}  // namespace rakka::testing
