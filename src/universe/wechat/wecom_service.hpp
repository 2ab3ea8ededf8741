// An application of WeCom: tokens, messages to people, departments and tags, and the check for
// identical messages. Safe from every thread.
#pragma once

#include "universe/wechat/replies.hpp"
#include "universe/wechat/tokens.hpp"

namespace hongyan::universe::wechat {

class WecomService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "wecom"; }
    [[nodiscard]] std::string_view title() const override {
        return "WeCom application / 企业微信应用";
    }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::wechat; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    ServiceReply give_token(World& world, const ServiceRequest& request);
    ServiceReply take(World& world, const ServiceRequest& request);
    /// Notes the message for each member who has not had too many; the rest is dropped in silence.
    void deliver(World& world, const ServiceRequest& request, const boost::json::object& body,
                 const std::string& users, const Memory::Found& found);

    Tokens tokens_;
    Throttle throttle_;
    Memory sent_;  ///< by the whole request
};

}  // namespace hongyan::universe::wechat
