#include "connection/flush_guard.hpp"

#include "connection/connection.hpp"
#include "connection/connection_table.hpp"

#include <chrono>

namespace rakka::detail {
namespace {

constexpr std::chrono::milliseconds period(10);
// So many looks that find nothing end the looking, until somebody sends again.
constexpr unsigned patience = 20;

}  // namespace

void flush_guard::watch() {
    if (awake_.load() || awake_.exchange(true)) return;
    transport::post(io_, [this] {
        quiet_looks_ = 0;
        look_later();
    });
}

void flush_guard::look_later() {
    timer_.start(period, [this] { look(); });
}

void flush_guard::look() {
    if (flush_all()) {
        quiet_looks_ = 0;
    } else if (++quiet_looks_ >= patience) {
        awake_.store(false);
        // Who armed a flush before that saw the guard awake.
        if (!flush_all() || awake_.exchange(true)) return;
        quiet_looks_ = 0;
    }
    look_later();
}

bool flush_guard::flush_all() {
    bool busy = false;
    for (const auto& c : connections_.all())
        if (c->flush_overdue()) busy = true;
    return busy;
}

}  // namespace rakka::detail
