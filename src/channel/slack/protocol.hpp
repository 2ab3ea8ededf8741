// SlackProtocol: an incoming webhook of Slack as an HttpProtocol. Its address is its secret;
// answers are plain words; there is neither idempotency nor a receipt. Constant after construction,
// safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "channel/slack/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::slack {

/// "&", "<" and ">" as Slack wants them, so that they are shown and never mean anything.
[[nodiscard]] std::string escaped(std::string_view text);

/// The channel's name in "robot:NAME", "#NAME" or "NAME", "" in "robot"; nothing if it is neither.
[[nodiscard]] std::optional<std::string> read_label(std::string_view recipient);

[[nodiscard]] std::string body_of(const Message& message, const Options& options);

class SlackProtocol final : public kit::HttpProtocol {
  public:
    explicit SlackProtocol(Settings settings) : settings_(std::move(settings)) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    /// An empty message: it is refused for that, after the webhook was found.
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest post(std::string body) const;

    const Settings settings_;
};

}  // namespace hongyan::slack
