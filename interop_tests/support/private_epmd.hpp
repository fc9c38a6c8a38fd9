// A real epmd on a free port, for one test.
#pragma once

#include "support/child_process.hpp"
#include "support/otp_release.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace rakka::interop {

/// Accepts connections when the constructor returns, is gone when the destructor does, and does not outlive a
/// test that crashes. The machine's own epmd is neither needed nor disturbed.
class private_epmd {
public:
    /// Throws harness_error when epmd of that release cannot be started.
    explicit private_epmd(otp_release release);
    ~private_epmd();
    private_epmd(const private_epmd&) = delete;
    private_epmd& operator=(const private_epmd&) = delete;

    std::uint16_t port() const { return port_; }
    /// epmd's debugging log.
    std::string output() const { return child_->output(); }
    /// The names it knows now, as `epmd -names` lists them: "name alice at port 34567\n"…
    std::string names() const;

private:
    std::uint16_t port_ = 0;
    std::unique_ptr<child_process> child_;
};

/// Whether anything can listen on ::1.
bool machine_has_ipv6();

/// A port of 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();

}  // namespace rakka::interop
