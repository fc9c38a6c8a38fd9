// One side's options as OpenSSL has them.
#pragma once

#include "transport/tls_failure.hpp"

#include <rakka/node/tls_options.hpp>

#include <boost/system/result.hpp>

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace rakka::transport {

/// What sessions are made from. Constant: any thread.
using tls_context = std::shared_ptr<ssl_ctx_st>;

/// Reads all files of `o`. The error is a sentence that names the field (or file) and what is wrong. Blocks
/// on the file system.
[[nodiscard]] boost::system::result<tls_context, std::string> make_tls_context(const tls_side_options& o,
                                                                               tls_side side);

}  // namespace rakka::transport
