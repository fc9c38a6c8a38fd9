// Sinks that come with the logger, on those of spdlog. Lines arrive in words: the patterns of spdlog have no
// part in it.
#include <rakka/otp/log_handlers.hpp>

#include <spdlog/formatter.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace rakka::log {

namespace {

/// The text alone.
class bare_text final : public spdlog::formatter {
public:
    void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& to) override {
        to.append(message.payload.data(), message.payload.data() + message.payload.size());
    }
    [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
        return std::make_unique<bare_text>();
    }
};

class spdlog_sink final : public sink {
public:
    explicit spdlog_sink(std::unique_ptr<spdlog::sinks::sink> to) : to_(std::move(to)) {
        to_->set_formatter(std::make_unique<bare_text>());
    }
    void write(std::string_view text) override {
        to_->log({spdlog::source_loc{}, {}, spdlog::level::info, {text.data(), text.size()}});
    }
    void flush() override { to_->flush(); }

private:
    const std::unique_ptr<spdlog::sinks::sink> to_;
};

constexpr std::size_t least_file = 1024;

/// spdlog's sink is of no use any more once it could not open or rename a file: the next write has a new one.
class rotating_sink final : public sink {
public:
    rotating_sink(std::string path, const file_options& how)
        : path_(std::move(path)), how_(how), to_(open()) {}
    void write(std::string_view text) override {
        if (!to_) to_ = open();
        or_anew([&] { to_->write(text); });
    }
    void flush() override {
        if (to_) or_anew([&] { to_->flush(); });
    }

private:
    [[nodiscard]] std::unique_ptr<sink> open() const {
        return std::make_unique<spdlog_sink>(std::make_unique<spdlog::sinks::rotating_file_sink_st>(
            path_, std::max(how_.max_no_bytes, least_file), how_.max_no_files));
    }
    template <class Function>
    void or_anew(const Function& f) {
        try {
            f();
        } catch (...) {
            to_.reset();
            throw;
        }
    }

    const std::string path_;
    const file_options how_;
    std::unique_ptr<sink> to_;
};

}  // namespace

std::unique_ptr<sink> console(stream to) {
    if (to == stream::standard_io)
        return std::make_unique<spdlog_sink>(std::make_unique<spdlog::sinks::stdout_sink_st>());
    return std::make_unique<spdlog_sink>(std::make_unique<spdlog::sinks::stderr_sink_st>());
}

std::unique_ptr<sink> rotating_file(const std::string& path, const file_options& how) {
    try {
        return std::make_unique<rotating_sink>(path, how);
    } catch (const spdlog::spdlog_ex& e) {
        throw std::runtime_error("rotating_file: " + std::string(e.what()));
    }
}

}  // namespace rakka::log
