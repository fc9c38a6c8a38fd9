// What the harness throws; a test that lets it pass fails with its text.
#pragma once

#include <stdexcept>

namespace rakka::interop {

/// The peer could not be started, or did not answer in time. The text carries what the peer printed.
class harness_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// An expression raised an exception in the BEAM. The text is `Class:Reason` and the stack, as ~0tp prints
/// them.
class beam_error : public harness_error {
    using harness_error::harness_error;
};

}  // namespace rakka::interop
