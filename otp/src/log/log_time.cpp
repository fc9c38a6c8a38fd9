#include "log/log_time.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>

namespace rakka::log {

namespace {

struct moment {
    std::tm calendar{};
    long micros = 0;
    long offset_minutes = 0;
};

/// "+02:00" as minutes.
std::optional<long> minutes_in(const std::string& offset) {
    if (offset == "Z" || offset == "z") return 0;
    if (offset.size() != 6 || (offset[0] != '+' && offset[0] != '-') || offset[3] != ':') return std::nullopt;
    const long hours = std::strtol(offset.substr(1, 2).c_str(), nullptr, 10);
    const long minutes = std::strtol(offset.substr(4, 2).c_str(), nullptr, 10);
    return (offset[0] == '-' ? -1 : 1) * (hours * 60 + minutes);
}

moment moment_of(event_time when, const std::string& offset) {
    using namespace std::chrono;
    const auto seconds_since = floor<seconds>(when.time_since_epoch());
    moment m;
    m.micros =
        static_cast<long>(duration_cast<microseconds>(when.time_since_epoch() - seconds_since).count());
    std::time_t t = seconds_since.count();
    if (const auto minutes = minutes_in(offset)) {
        m.offset_minutes = *minutes;
        t += *minutes * 60;
        gmtime_r(&t, &m.calendar);
    } else {
        localtime_r(&t, &m.calendar);
        m.offset_minutes = m.calendar.tm_gmtoff / 60;
    }
    return m;
}

}  // namespace

std::string rfc3339(event_time when, char designator, const std::string& offset) {
    const moment m = moment_of(when, offset);
    const std::tm& c = m.calendar;
    std::string out =
        fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}.{:06}", c.tm_year + 1900, c.tm_mon + 1, c.tm_mday,
                    designator, c.tm_hour, c.tm_min, c.tm_sec, m.micros);
    if (offset == "Z" || offset == "z") return out + offset;
    const long minutes = std::abs(m.offset_minutes);
    return out + fmt::format("{}{:02}:{:02}", m.offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string legacy_time(event_time when, const std::string& offset) {
    constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    // Another offset than UTC's makes local time of it, as in OTP.
    const bool utc = minutes_in(offset) == 0;
    const moment m = moment_of(when, utc ? "Z" : "");
    const std::tm& c = m.calendar;
    return fmt::format("{}-{}-{:4}::{:02}:{:02}:{:02}.{:06} {}", c.tm_mday,
                       months[static_cast<std::size_t>(c.tm_mon)], c.tm_year + 1900, c.tm_hour, c.tm_min,
                       c.tm_sec, m.micros, utc ? "UTC " : "");
}

}  // namespace rakka::log
