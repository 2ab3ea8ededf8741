// The open platform of Feishu for one application: tenant access tokens, messages with uuid, and
// "message read" events to the application's callback. Safe from every thread.
#pragma once

#include <map>

#include "base/guarded.hpp"
#include "universe/core/service.hpp"
#include "universe/feishu/limits.hpp"

namespace hongyan::universe::feishu {

class AppService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "feishu"; }
    [[nodiscard]] std::string_view title() const override {
        return "Feishu open platform / 飞书开放平台";
    }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::feishu; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    struct Made {
        std::int64_t at_ms = 0;
        std::string message_id;
    };
    struct Tokens {
        std::string newest;
        std::map<std::string, std::int64_t, std::less<>> ends_ms;
    };

    ServiceReply give_token(World& world, const ServiceRequest& request);
    [[nodiscard]] std::optional<ServiceReply> refuse_token(const World& world,
                                                           const ServiceRequest& request);
    ServiceReply take_message(World& world, const ServiceRequest& request);
    /// The id for a message with that uuid, and whether it is a repeat.
    [[nodiscard]] std::pair<std::string, bool> id_for(World& world, std::string_view uuid);

    Throttle throttle_;
    Guarded<Tokens> tokens_;
    Guarded<std::map<std::string, Made, std::less<>>> made_;  ///< by uuid
};

}  // namespace hongyan::universe::feishu
