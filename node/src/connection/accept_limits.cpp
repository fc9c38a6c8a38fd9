#include "connection/accept_limits.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace rakka::detail {
namespace {

// Nobody lets in more than this in a second; and the sums below stay far from 2^64.
constexpr std::size_t fastest = 1'000'000;

}  // namespace

token_bucket::token_bucket(const rate_limit& r, clock::time_point now) noexcept
    : per_second_(std::min(r.per_second, fastest)),
      most_(std::min(std::max<std::size_t>(r.burst, 1), fastest) * unit),
      level_(most_),
      filled_(now) {}

std::uint64_t token_bucket::level(clock::time_point now) const noexcept {
    if (now <= filled_ || per_second_ == 0) return level_;
    const auto passed = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - filled_).count());
    return passed < (most_ - level_) / per_second_ ? level_ + passed * per_second_ : most_;
}

bool token_bucket::take(clock::time_point now) noexcept {
    level_ = level(now);
    filled_ = std::max(filled_, now);
    if (level_ < unit) return false;
    level_ -= unit;
    return true;
}

void token_bucket::give_back() noexcept {
    level_ = std::min(level_ + unit, most_);
}

accept_limits::verdict accept_limits::take(std::string_view address, clock::time_point now) {
    token_bucket* own = nullptr;
    if (per_address_.per_second != 0) {
        own = &bucket_of(limited_host(address), now);
        if (!own->take(now)) return verdict::too_many_from_there;
    }
    if (in_all_.per_second == 0 || all_.take(now)) return verdict::let_in;
    if (own != nullptr) own->give_back();
    return verdict::too_many;
}

token_bucket& accept_limits::bucket_of(const std::string& host, clock::time_point now) {
    if (const auto it = buckets_.find(host); it != buckets_.end()) return it->second;
    // Who has a full bucket is as good as unknown. Looking through all of them is for once a second.
    if (buckets_.size() >= max_addresses && now >= swept_ + std::chrono::seconds(1)) {
        swept_ = now;
        std::erase_if(buckets_, [&](auto& b) { return b.second.full(now); });
    }
    if (buckets_.size() >= max_addresses) return others_;
    return buckets_.try_emplace(host, per_address_, now).first->second;
}

std::string limited_host(std::string_view address) {
    std::string_view host = address.substr(0, address.rfind(':'));
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    error_code not_an_address;
    const auto ip = boost::asio::ip::make_address(host, not_an_address);
    if (not_an_address || ip.is_v4()) return std::string(host);
    if (ip.to_v6().is_v4_mapped())
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, ip.to_v6()).to_string();
    auto bytes = ip.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return boost::asio::ip::address_v6(bytes).to_string() + "/64";
}

}  // namespace rakka::detail
