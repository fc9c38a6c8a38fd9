#include "support/otp_release.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

namespace rakka::interop {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

// The same rule as in scripts/lib.sh.
std::string cache_folder() {
    if (auto folder = environment("RAKKA_OTP_CACHE"); !folder.empty()) return folder;
    if (auto folder = environment("XDG_CACHE_HOME"); !folder.empty()) return folder + "/rakka/otp";
    return environment("HOME") + "/.cache/rakka/otp";
}

}  // namespace

const std::vector<otp_release>& all_otp_releases() {
    static const std::vector<otp_release> releases{25, 27, 29};
    return releases;
}

std::vector<otp_release> otp_versions() {
    std::vector<otp_release> present;
    for (const otp_release release : all_otp_releases()) {
        if (!otp_program(release, "erl").empty()) present.push_back(release);
    }
    return present;
}

std::string otp_program(otp_release release, std::string_view program) {
    auto path = cache_folder() + "/bin/" + std::string{program} + "-" + std::to_string(release);
    return ::access(path.c_str(), X_OK) == 0 ? path : std::string{};
}

std::string otp_root(otp_release release) {
    std::ifstream wrapper(otp_program(release, "erl"));
    const std::string text{std::istreambuf_iterator<char>(wrapper), {}};
    const bool of_its_own = text.find("chroot") != std::string::npos;
    return of_its_own ? cache_folder() + "/rootfs-" + std::to_string(release) : std::string{};
}

std::vector<std::pair<std::string, std::string>> otp_extra_modules(otp_release release) {
    std::vector<std::pair<std::string, std::string>> modules;
    std::error_code absent;
    const std::filesystem::path folder = cache_folder() + "/observer-" + std::to_string(release);
    for (const auto& file : std::filesystem::directory_iterator(folder, absent)) {
        if (file.path().extension() != ".beam") continue;
        std::ifstream stream(file.path(), std::ios::binary);
        modules.emplace_back(file.path().stem(), std::string{std::istreambuf_iterator<char>(stream), {}});
    }
    return modules;
}

bool otp_is_required() {
    const auto required = environment("RAKKA_REQUIRE_OTP");
    return environment("CI") == "true" || (!required.empty() && required != "0");
}

}  // namespace rakka::interop
