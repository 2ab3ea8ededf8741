// For the tests of the core: a service that echoes what it is asked and notes it as an arrival.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "universe/core/receipts.hpp"
#include "universe/core/service.hpp"

namespace hongyan::universe::testing {

class EchoService final : public HttpService {
  public:
    explicit EchoService(std::string name = "echo", std::string claimed = "/v3/claimed")
        : name_(std::move(name)), claimed_(std::move(claimed)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::string_view title() const override { return "Echo"; }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::sms; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override {
        return {{"secret", "s3cret", "The shared secret."},
                {"callback_url", "", "Where receipts go."}};
    }
    [[nodiscard]] SampleAccount sample_account(const World& world) const override {
        return {name_, "{\"endpoint\":\"" + world.base_url(name_) + "\"}"};
    }
    [[nodiscard]] bool claims(const ServiceRequest& request) const override {
        return request.path == claimed_;
    }
    ServiceReply handle(World& world, const ServiceRequest& request) override {
        Arrival arrival;
        arrival.service = name_;
        arrival.recipient = request.query_value("to");
        arrival.content = request.body;
        arrival.token = request.header("x-token");
        arrival.raw = request.path;
        arrival.duplicate = request.header("x-duplicate") == "1";
        const auto sequence = world.arrived(arrival);
        send_callback(world, arrival.recipient);
        ServiceReply reply;
        reply.content_type = "text/plain";
        reply.headers = {{"X-Sequence", std::to_string(sequence)},
                         {"X-Version", request.http2 ? "2" : "1"}};
        reply.body =
            request.method + " " + request.path + "?" + request.query + "\n" + request.body;
        const auto pad = std::min<std::size_t>(
            static_cast<std::size_t>(std::max(std::atoi(request.query_value("pad").c_str()), 0)),
            1 << 24);
        reply.body.append(pad, '.');
        return reply;
    }
    std::optional<ServiceReply> fault(World&, std::string_view kind,
                                      const ServiceRequest&) override {
        if (kind != "rate_limited") return std::nullopt;
        ServiceReply reply;
        reply.status = 429;
        reply.body = "vendor says slow down";
        return reply;
    }

  private:
    void send_callback(World& world, const std::string& recipient) {
        const std::string url = world.setting(name_, "callback_url");
        if (url.empty()) return;
        send_receipt(world, name_, recipient, [url](const ReceiptForm& form) {
            OutboundRequest request;
            request.url = url;
            request.body =
                std::string(form.fails ? "failed" : "delivered") + (form.forged ? " forged" : "");
            return request;
        });
    }
    const std::string name_;
    const std::string claimed_;
};

[[nodiscard]] inline ServiceList echo_services() {
    ServiceList list;
    list.http.push_back(std::make_unique<EchoService>());
    return list;
}

}  // namespace hongyan::universe::testing
