// A node without a name asks one peer at a time for it: the others wait, and dial under the name it was
// given.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace rakka::detail {

/// I/O thread. Must outlive its turns.
class own_name_turns {
public:
    /// As long as it lives nobody else asks. Null: somebody does already, and `later` is called when that one
    /// is done.
    using turn = std::shared_ptr<void>;
    [[nodiscard]] turn ask(std::function<void()> later) {
        if (taken_) {
            waiting_.push_back(std::move(later));
            return nullptr;
        }
        taken_ = true;
        return {this, [](own_name_turns* t) { t->done(); }};
    }

private:
    void done() {
        taken_ = false;
        for (const auto& next : std::exchange(waiting_, {}))
            next();
    }

    bool taken_ = false;
    std::vector<std::function<void()>> waiting_;
};

}  // namespace rakka::detail
