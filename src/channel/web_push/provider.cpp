#include "channel/web_push/provider.hpp"

#include "channel/web_push/protocol.hpp"
#include "channel/web_push/settings.hpp"
#include "kit/described.hpp"

namespace hongyan::web_push {
namespace {

constexpr std::string_view recipient_schema = R"({
  "type": "string",
  "pattern": "^(webpush:)?\\{.*\\}$",
  "description": "The browser's subscription as JSON: PushSubscription.toJSON() with endpoint, keys.p256dh and keys.auth; with or without webpush: before it.",
  "examples": ["webpush:{\"endpoint\":\"https://push.example.net/send/1\",\"keys\":{\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\",\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\"}}"]
})";
/// What no account takes, whatever its settings; the account's own limit is looked at when it
/// sends.
constexpr std::size_t absurd_payload_bytes = 65'536;

class WebPushProvider final : public Provider {
  public:
    WebPushProvider()
        : shapes_{kit::schema_text(shape::description_of<Settings>(), {"private_key"}),
                  kit::schema_text(shape::description_of<Options>()),
                  std::string(recipient_schema)} {}

    ChannelKind channel() const override { return ChannelKind::app; }
    std::string_view name() const override { return "web_push"; }
    std::string_view title() const override { return "Web Push (browsers)"; }
    const ProviderTraits& traits() const override { return traits_; }
    const ChannelShapes& shapes() const override { return shapes_; }
    std::vector<std::string_view> secrets() const override { return {"private_key"}; }
    std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }
    std::vector<Problem> check(std::string_view recipient, const Content& content) const override;
    Result<std::unique_ptr<Account>> open(AccountSettings settings,
                                          const ProviderParts& parts) const override;

  private:
    /// A topic replaces only what is still waiting at the push service: no safe repeat.
    const ProviderTraits traits_{.idempotency_ms = 0, .batch = 64, .max_in_flight = 200};
    const ChannelShapes shapes_;
};

std::vector<Problem> WebPushProvider::check(std::string_view recipient,
                                            const Content& content) const {
    std::vector<Problem> problems;
    if (auto subscription = read_subscription(recipient); !subscription)
        problems.push_back({"$.recipient", "invalid", subscription.error().detail});
    auto options = kit::read_described<Options>(kit::options_section(content.options, "web_push"),
                                                "$.options.web_push");
    if (!options) {
        auto& found = options.error().problems;
        problems.insert(problems.end(), found.begin(), found.end());
        return problems;
    }
    auto payload = make_payload(content.subject, content.content, *options, absurd_payload_bytes);
    if (!payload) problems.push_back({"$.content", "too_long", payload.error().detail});
    return problems;
}

Result<std::unique_ptr<Account>> WebPushProvider::open(AccountSettings settings,
                                                       const ProviderParts& parts) const {
    auto read = kit::read_described<Settings>(settings.settings);
    if (!read) {
        read.error().code = ErrorCode::config_invalid;
        return std::move(read.error());
    }
    auto protocol = make_protocol(std::move(*read), parts.clock);
    if (!protocol) return std::move(protocol.error());
    return kit::make_http_account(std::move(*protocol), parts);
}

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<WebPushProvider>()); }

}  // namespace hongyan::web_push
