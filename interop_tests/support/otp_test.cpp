#include "support/otp_test.hpp"

namespace rakka::interop {

void otp_test::SetUp() {
    if (!otp_program(release(), "erl").empty()) return;
    const auto message = "OTP " + std::to_string(release()) + " is not available (scripts/otp install " +
                         std::to_string(release()) + ")";
    if (otp_is_required()) GTEST_FAIL() << message;
    GTEST_SKIP() << "SKIPPED: " << message;
}

private_epmd& otp_test::epmd() {
    if (!epmd_) epmd_ = std::make_unique<private_epmd>(release());
    return *epmd_;
}

beam_options otp_test::options(std::string_view alive, language spoken) {
    beam_options chosen;
    chosen.release = release();
    chosen.name = std::string{alive} + "@127.0.0.1";
    chosen.epmd_port = epmd().port();
    chosen.language = spoken;
    return chosen;
}

std::string otp_release_name(const testing::TestParamInfo<otp_release>& info) {
    return "otp" + std::to_string(info.param);
}

}  // namespace rakka::interop
