// A world that only remembers, for the tests of this folder.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "universe/core/service.hpp"

namespace hongyan::universe::apns {

class FakeWorld final : public World {
  public:
    /// Takes the service's own defaults.
    explicit FakeWorld(const Service& service) {
        for (const auto& one : service.settings()) values[std::string(one.name)] = one.value;
    }

    const Clock& clock() const override { return time; }
    Log& log() override { return log_; }
    std::string setting(std::string_view, std::string_view name) const override {
        const auto found = values.find(std::string(name));
        return found == values.end() ? "" : found->second;
    }
    std::string base_url(std::string_view service, bool tls) const override {
        return std::string(tls ? "https" : "http") + "://127.0.0.1:8090/" + std::string(service);
    }
    std::string wire_address(std::string_view) const override { return ""; }
    std::string ca_file() const override { return ""; }
    std::string certificate_file() const override { return ""; }
    std::string key_file() const override { return ""; }
    std::uint64_t arrived(Arrival arrival) override {
        arrivals.push_back(std::move(arrival));
        return arrivals.size();
    }
    std::uint64_t next_number() override { return ++number_; }
    Fate draw(std::string_view, std::string_view) override { return {}; }
    ReceiptFate draw_receipt(std::string_view, std::string_view) override { return receipt_fate; }
    void later(Millis, UniqueFunction<void()> work) override { work(); }
    void call_back(OutboundRequest request, int) override {
        callbacks.push_back(std::move(request));
    }

    ManualClock time;
    std::map<std::string, std::string> values;
    std::vector<Arrival> arrivals;
    std::vector<OutboundRequest> callbacks;
    ReceiptFate receipt_fate;

  private:
    Log log_{LogLevel::error};
    std::uint64_t number_ = 0;
};

}  // namespace hongyan::universe::apns
