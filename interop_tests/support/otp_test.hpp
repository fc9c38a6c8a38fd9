// The base of test suites that run once per release of Erlang/OTP.
#pragma once

#include "support/beam_node.hpp"
#include "support/otp_release.hpp"
#include "support/private_epmd.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace rakka::interop {

/// A fixture with an epmd of its own. A suite derived from it is followed by RAKKA_OTP_TEST_SUITE(suite).
/// A release that is absent is skipped loudly, or fails where releases are required (otp_is_required()).
class otp_test : public ::testing::TestWithParam<otp_release> {
protected:
    /// Suites with a SetUp of their own call this first and return if IsSkipped() or HasFatalFailure().
    void SetUp() override;

    otp_release release() const { return GetParam(); }
    /// Started on first use.
    private_epmd& epmd();
    /// Options for a BEAM of this release at this test's epmd; `alive` is the part of the name before the @.
    beam_options options(std::string_view alive, language spoken = language::erlang);
    beam_node start_erlang(std::string_view alive) { return beam_node{options(alive)}; }
    beam_node start_elixir(std::string_view alive) { return beam_node{options(alive, language::elixir)}; }

private:
    std::unique_ptr<private_epmd> epmd_;
};

/// Erlang source for `nodes(hidden)` as soon as there are any: the side that is dialled lists the other one a
/// moment after it has sent the last message of the handshake.
inline constexpr std::string_view hidden_nodes_soon =
    "(fun Soon(0) -> nodes(hidden); Soon(N) -> case nodes(hidden) of [] -> timer:sleep(10), Soon(N - 1); "
    "Nodes -> Nodes end end)(500)";

/// Prints the parameter in test names: otp25.
std::string otp_release_name(const ::testing::TestParamInfo<otp_release>& info);

}  // namespace rakka::interop

#define RAKKA_OTP_TEST_SUITE(suite)                                                              \
    INSTANTIATE_TEST_SUITE_P(, suite, ::testing::ValuesIn(::rakka::interop::all_otp_releases()), \
                             ::rakka::interop::otp_release_name)
