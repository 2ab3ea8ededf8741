// The API of an official account: tokens, template messages and subscription messages. Safe from
// every thread.
#pragma once

#include "universe/wechat/events.hpp"
#include "universe/wechat/replies.hpp"
#include "universe/wechat/tokens.hpp"

namespace hongyan::universe::wechat {

class OfficialService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "wechat"; }
    [[nodiscard]] std::string_view title() const override {
        return "WeChat official account / 微信公众号";
    }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::wechat; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    ServiceReply give_stable_token(World& world, const ServiceRequest& request);
    ServiceReply give_legacy_token(World& world, const ServiceRequest& request);
    [[nodiscard]] std::optional<ServiceReply> refuse_token(const World& world,
                                                           const ServiceRequest& request);
    ServiceReply take(World& world, const ServiceRequest& request, bool subscription);

    Tokens tokens_;
    Throttle throttle_;
    Memory sent_;  ///< by openid and client_msg_id
};

}  // namespace hongyan::universe::wechat
