// Which releases of Erlang/OTP this machine has, as scripts/otp made them available.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rakka::interop {

/// A major release of Erlang/OTP: 25, 27 or 29.
using otp_release = int;

/// Every release the tests are written for, present or not.
const std::vector<otp_release>& all_otp_releases();

/// The releases that are present, in ascending order.
std::vector<otp_release> otp_versions();

/// The path of `program` (erl, elixir, epmd, erlc) of a release; empty when the release is absent.
std::string otp_program(otp_release release, std::string_view program);

/// The folder that nodes of a release see as /: files for them go there. Empty: they see the whole machine.
std::string otp_root(otp_release release);

/// The modules of the package erlang-observer, which BEAMs of the tests do not have: names and compiled code.
/// Empty: scripts/otp could not get them.
std::vector<std::pair<std::string, std::string>> otp_extra_modules(otp_release release);

/// True when an absent release is a failure instead of a skip: CI=true, or RAKKA_REQUIRE_OTP set to anything
/// but 0.
bool otp_is_required();

}  // namespace rakka::interop
