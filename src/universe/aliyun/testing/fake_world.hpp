// A World for the tests of one service: settings from the service's defaults, a clock that stands,
// timers that run when the test says so, and all that arrived or was called back, to look at.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "universe/core/service.hpp"

namespace hongyan::universe::aliyun {

class FakeWorld final : public World {
  public:
    explicit FakeWorld(const Service& service) : name_(service.name()) {
        for (const ServiceSetting& s : service.settings()) settings[std::string(s.name)] = s.value;
    }
    /// Runs what was put off; what that puts off runs too.
    void run_later() {
        for (int round = 0; round < 10 && !later_.empty(); ++round) {
            for (auto& work : std::exchange(later_, {})) work();
        }
    }

    [[nodiscard]] const Clock& clock() const override { return time; }
    [[nodiscard]] Log& log() override { return log_; }
    [[nodiscard]] std::string setting(std::string_view, std::string_view name) const override {
        const auto found = settings.find(std::string(name));
        return found == settings.end() ? "" : found->second;
    }
    [[nodiscard]] std::string base_url(std::string_view, bool tls) const override {
        return (tls ? "https://127.0.0.1:8443/" : "http://127.0.0.1:8090/") + name_;
    }
    [[nodiscard]] std::string wire_address(std::string_view) const override { return ""; }
    [[nodiscard]] std::string ca_file() const override { return ""; }
    [[nodiscard]] std::string certificate_file() const override { return ""; }
    [[nodiscard]] std::string key_file() const override { return ""; }
    std::uint64_t arrived(Arrival arrival) override {
        arrivals.push_back(std::move(arrival));
        return arrivals.size();
    }
    [[nodiscard]] std::uint64_t next_number() override { return ++number_; }
    [[nodiscard]] Fate draw(std::string_view, std::string_view) override { return {}; }
    [[nodiscard]] ReceiptFate draw_receipt(std::string_view, std::string_view) override {
        return receipt;
    }
    void later(Millis, UniqueFunction<void()> work) override { later_.push_back(std::move(work)); }
    void call_back(OutboundRequest request, int) override { calls.push_back(std::move(request)); }

    ManualClock time;
    std::map<std::string, std::string> settings;
    ReceiptFate receipt;
    std::vector<Arrival> arrivals;
    std::vector<OutboundRequest> calls;

  private:
    std::string name_;
    Log log_{LogLevel::error};
    std::vector<UniqueFunction<void()>> later_;
    std::uint64_t number_ = 0;
};

}  // namespace hongyan::universe::aliyun
