// The custom robots of Feishu's groups: a secret path, an optional signature and keyword, and the
// codes that Feishu answers with. Safe from every thread.
#pragma once

#include "universe/core/service.hpp"
#include "universe/feishu/limits.hpp"

namespace hongyan::universe::feishu {

class RobotService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "feishu_robot"; }
    [[nodiscard]] std::string_view title() const override {
        return "Feishu custom robot / 飞书自定义机器人";
    }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::feishu; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    Throttle throttle_;
};

}  // namespace hongyan::universe::feishu
