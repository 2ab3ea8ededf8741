#include "channel/fcm/provider.hpp"

#include "channel/fcm/message.hpp"
#include "channel/fcm/protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::fcm {
namespace {

constexpr std::string_view recipient_schema = R"({
  "type": "string",
  "pattern": "^(fcm:)?[0-9A-Za-z:._-]{32,4096}$",
  "description": "Registration token of the app; without fcm: before it at least 100 characters with a colon.",
  "examples": ["fcm:bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1"]
})";
/// What no account takes, whatever its settings; the account's own limit is looked at when it
/// sends.
constexpr std::size_t absurd_payload_bytes = 65'536;

class FcmProvider final : public Provider {
  public:
    FcmProvider()
        : shapes_{kit::schema_text(shape::description_of<Settings>(), {"service_account"}),
                  kit::schema_text(shape::description_of<Options>()),
                  std::string(recipient_schema)} {}

    ChannelKind channel() const override { return ChannelKind::app; }
    std::string_view name() const override { return "fcm"; }
    std::string_view title() const override { return "Firebase Cloud Messaging (FCM)"; }
    const ProviderTraits& traits() const override { return traits_; }
    const ChannelShapes& shapes() const override { return shapes_; }
    std::vector<std::string_view> secrets() const override { return {"service_account"}; }
    std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }
    std::vector<Problem> check(std::string_view recipient, const Content& content) const override;
    Result<std::unique_ptr<Account>> open(AccountSettings settings,
                                          const ProviderParts& parts) const override;

  private:
    /// FCM recognises no repeat: a tag or collapse key only replaces the first on the screen.
    const ProviderTraits traits_{.idempotency_ms = 0, .batch = 64, .max_in_flight = 500};
    const ChannelShapes shapes_;
};

std::vector<Problem> FcmProvider::check(std::string_view recipient, const Content& content) const {
    std::vector<Problem> problems;
    const auto token = registration_token(recipient);
    if (!token) {
        problems.push_back({"$.recipient", "invalid",
                            "give a registration token of FCM (fcm:TOKEN, or the token alone if "
                            "it is the long form with a colon)"});
    }
    auto options =
        kit::read_described<Options>(kit::options_section(content.options, "fcm"), "$.options.fcm");
    if (!options) {
        auto& found = options.error().problems;
        problems.insert(problems.end(), found.begin(), found.end());
        return problems;
    }
    const Draft draft{.registration_token = "", .title = content.subject, .body = content.content};
    auto body = make_body(draft, *options, absurd_payload_bytes);
    if (!body) problems.push_back({"$.content", "too_long", body.error().detail});
    return problems;
}

Result<std::unique_ptr<Account>> FcmProvider::open(AccountSettings settings,
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

void add_providers(ProviderList& list) { list.push_back(std::make_unique<FcmProvider>()); }

}  // namespace hongyan::fcm
