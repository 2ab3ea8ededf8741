// For tests and measurements of one service: a World without listeners, files or receipts by HTTP;
// what happens is decided by functions of the test. Safe from every thread; the functions must not
// be changed while the service runs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "universe/core/service.hpp"

namespace hongyan::universe::testing {

class PlainWorld final : public World {
  public:
    explicit PlainWorld(LogLevel level = LogLevel::error) : log_(level) {}

    std::function<Fate(std::string_view recipient)> on_draw;
    std::function<ReceiptFate(std::string_view recipient)> on_receipt;
    std::function<void(const Arrival&)> on_arrival;
    std::string certificate;
    std::string key;
    bool keeps_arrivals = true;

    void set(const std::string& name, std::string value) {
        const std::lock_guard lock(mutex_);
        settings_[name] = std::move(value);
    }
    void take_defaults(const Service& service) {
        for (const auto& one : service.settings())
            set(std::string(one.name), std::string(one.value));
    }
    bool wait_arrivals(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10),
                                 [&] { return arrivals_.size() >= count; });
    }
    std::vector<Arrival> arrivals() {
        const std::lock_guard lock(mutex_);
        return arrivals_;
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }

    const Clock& clock() const override { return clock_; }
    Log& log() override { return log_; }
    std::string setting(std::string_view, std::string_view name) const override {
        const std::lock_guard lock(mutex_);
        const auto found = settings_.find(std::string(name));
        return found == settings_.end() ? "" : found->second;
    }
    std::string base_url(std::string_view, bool) const override { return {}; }
    std::string wire_address(std::string_view) const override { return {}; }
    std::string ca_file() const override { return certificate; }
    std::string certificate_file() const override { return certificate; }
    std::string key_file() const override { return key; }
    std::uint64_t arrived(Arrival arrival) override {
        if (on_arrival) on_arrival(arrival);
        const std::lock_guard lock(mutex_);
        if (keeps_arrivals) arrivals_.push_back(std::move(arrival));
        changed_.notify_all();
        return ++count_;
    }
    std::uint64_t next_number() override { return number_ += 1; }
    Fate draw(std::string_view, std::string_view recipient) override {
        return on_draw ? on_draw(recipient) : Fate{};
    }
    ReceiptFate draw_receipt(std::string_view, std::string_view recipient) override {
        return on_receipt ? on_receipt(recipient) : ReceiptFate{};
    }
    void later(Millis, UniqueFunction<void()>) override { HY_ASSERT(!"not needed here"); }
    void call_back(OutboundRequest, int) override { HY_ASSERT(!"not needed here"); }

  private:
    SystemClock clock_;
    Log log_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, std::string> settings_;
    std::vector<Arrival> arrivals_;
    std::atomic<std::uint64_t> count_{0};
    std::atomic<std::uint64_t> number_{0x1A2B3C};
};

}  // namespace hongyan::universe::testing
