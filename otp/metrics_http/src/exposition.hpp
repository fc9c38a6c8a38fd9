// The metrics of a system as prometheus-cpp has them, and as text.
#pragma once

#include <memory>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <string>
#include <vector>

namespace rakka {

class system;

namespace detail {

[[nodiscard]] std::vector<prometheus::MetricFamily> prometheus_families(system& s);

/// In the text format, version 0.0.4. What `more` has by a name that the system uses as well is left out; one
/// that throws is, too.
[[nodiscard]] std::string metrics_text(system& s,
                                       const std::vector<std::shared_ptr<prometheus::Collectable>>& more);

}  // namespace detail
}  // namespace rakka
