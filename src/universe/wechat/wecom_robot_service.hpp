// The robots of WeCom's groups: an address with a key, and twenty messages a minute. Safe from
// every thread.
#pragma once

#include "universe/wechat/replies.hpp"

namespace hongyan::universe::wechat {

class WecomRobotService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "wecom_robot"; }
    [[nodiscard]] std::string_view title() const override {
        return "WeCom robot / 企业微信群机器人";
    }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::wechat; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    Throttle throttle_;
};

}  // namespace hongyan::universe::wechat
