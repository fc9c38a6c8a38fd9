#include <rakka/actors/errc.hpp>

#include <string>

namespace rakka {

namespace {

class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rakka.actors"; }
    std::string message(int code) const override {
        switch (static_cast<actors_errc>(code)) {
            case actors_errc::system_limit:
                return "every process slot is taken; raise system_options::max_processes";
            case actors_errc::stopping:
                return "the system is being stopped and starts no new process";
            case actors_errc::name_taken:
                return "another process is registered under this name";
            case actors_errc::already_named:
                return "the process has a registered name already";
            case actors_errc::no_process:
                return "no such living process in this system";
            case actors_errc::bad_name:
                return "undefined cannot be a registered name";
            case actors_errc::no_such_name:
                return "no process is registered under this name";
            case actors_errc::no_timer:
                return "no such timer";
            case actors_errc::no_memory:
                return "not enough memory";
            case actors_errc::no_thread:
                return "the operating system gave no thread";
        }
        return "unknown error";
    }
};

}  // namespace

const boost::system::error_category& actors_category() noexcept {
    static const category instance;
    return instance;
}

}  // namespace rakka
