// DingtalkProtocol: a robot of DingTalk as an HttpProtocol. Each request carries the time of its
// own attempt and a signature in its address; there is neither idempotency nor a receipt. Constant
// after construction, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "channel/dingtalk/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::dingtalk {

/// HMAC-SHA256 of "timestamp\nsecret" with the secret as key, in base64, not yet percent-encoded.
[[nodiscard]] std::string sign(std::int64_t timestamp_ms, std::string_view secret);

/// The group's name in "robot:NAME", "" in "robot"; nothing if it is not meant for a robot.
[[nodiscard]] std::optional<std::string> read_robot_label(std::string_view recipient);

[[nodiscard]] std::string body_of(const Message& message, const Options& options);

class DingtalkProtocol final : public kit::HttpProtocol {
  public:
    explicit DingtalkProtocol(Settings settings) : settings_(std::move(settings)) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    /// An empty message: it is refused for that, after token and signature passed.
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest post(std::string body, std::int64_t now_ms) const;

    const Settings settings_;
};

}  // namespace hongyan::dingtalk
