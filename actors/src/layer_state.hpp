// What one system keeps for the layers above: see layers.hpp.
#pragma once

#include <rakka/actors/layers.hpp>
#include <rakka/actors/process_watch.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <typeindex>
#include <vector>

namespace rakka::detail {

struct layer_state {
    std::mutex mutex;
    // Guarded by mutex:
    std::vector<std::weak_ptr<system_part>> parts;
    std::map<std::type_index, std::shared_ptr<void>> attachments;
    std::shared_ptr<const std::function<void(const stop_request&)>> stop_handler;
    std::shared_ptr<process_watch> watch_of_births;  // null: nobody wants it
};

}  // namespace rakka::detail
