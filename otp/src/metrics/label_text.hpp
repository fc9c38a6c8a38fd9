// Text that any reader of metrics takes as the value of a label.
#pragma once

#include <string>

namespace rakka::detail {

/// `text` as UTF-8 in one line: what is not UTF-8 becomes U+FFFD, a line break a blank. One value that is not
/// would cost Prometheus all others of the same scrape.
[[nodiscard]] std::string label_text(std::string text);

}  // namespace rakka::detail
