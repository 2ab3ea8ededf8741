#include "channel/apns/provider.hpp"

#include "channel/apns/payload.hpp"
#include "channel/apns/protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::apns {
namespace {

constexpr std::string_view recipient_schema = R"({
  "type": "string",
  "pattern": "^(apns:)?[0-9A-Fa-f]{64,200}$",
  "description": "Device token in hexadecimal, with or without apns: before it.",
  "examples": ["apns:00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0"]
})";
/// What no account takes, whatever its settings; the account's own limit is looked at when it
/// sends.
constexpr std::size_t absurd_payload_bytes = 65'536;

class ApnsProvider final : public Provider {
  public:
    ApnsProvider()
        : shapes_{kit::schema_text(shape::description_of<Settings>(), {"private_key"}),
                  kit::schema_text(shape::description_of<Options>()),
                  std::string(recipient_schema)} {}

    ChannelKind channel() const override { return ChannelKind::app; }
    std::string_view name() const override { return "apns"; }
    std::string_view title() const override { return "Apple Push Notification service (APNs)"; }
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
    /// Apple does not promise to recognise a repeat by its apns-id; a collapse id only replaces the
    /// first on the screen. So an unknown outcome is no safe repeat.
    const ProviderTraits traits_{.idempotency_ms = 0, .batch = 64, .max_in_flight = 500};
    const ChannelShapes shapes_;
    const std::shared_ptr<TokenBook> tokens_ = std::make_shared<TokenBook>();
};

std::vector<Problem> ApnsProvider::check(std::string_view recipient, const Content& content) const {
    std::vector<Problem> problems;
    if (!device_token(recipient)) {
        problems.push_back({"$.recipient", "invalid",
                            "give a device token of APNs: 64 or more hexadecimal digits, with or "
                            "without apns: before them"});
    }
    auto options = kit::read_described<Options>(kit::options_section(content.options, "apns"),
                                                "$.options.apns");
    if (!options) {
        auto& found = options.error().problems;
        problems.insert(problems.end(), found.begin(), found.end());
        return problems;
    }
    auto payload = make_payload({content.subject, content.content}, *options, options->push_type,
                                absurd_payload_bytes);
    if (!payload) problems.push_back({"$.content", "too_long", payload.error().detail});
    return problems;
}

Result<std::unique_ptr<Account>> ApnsProvider::open(AccountSettings settings,
                                                    const ProviderParts& parts) const {
    auto read = kit::read_described<Settings>(settings.settings);
    if (!read) {
        read.error().code = ErrorCode::config_invalid;
        return std::move(read.error());
    }
    auto protocol = make_protocol(std::move(*read), tokens_, parts.clock);
    if (!protocol) return std::move(protocol.error());
    return kit::make_http_account(std::move(*protocol), parts);
}

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<ApnsProvider>()); }

}  // namespace hongyan::apns
