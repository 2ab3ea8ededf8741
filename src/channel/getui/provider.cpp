#include "channel/getui/provider.hpp"

#include "channel/getui/protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::getui {
namespace {

constexpr std::string_view recipient_schema = R"({
  "type": "string",
  "pattern": "^(getui:)?[0-9A-Fa-f]{32}$",
  "description": "Client id (cid) of the app, with or without getui: before it.",
  "examples": ["getui:5ad54fa35d1f4bfae1a1bd2ae2f5eb58"]
})";

class GetuiProvider final : public Provider {
  public:
    GetuiProvider()
        : shapes_{kit::schema_text(shape::description_of<Settings>(), {"master_secret"}),
                  kit::schema_text(shape::description_of<Options>()),
                  std::string(recipient_schema)} {}

    ChannelKind channel() const override { return ChannelKind::app; }
    std::string_view name() const override { return "getui"; }
    std::string_view title() const override { return "Getui / 个推"; }
    const ProviderTraits& traits() const override { return traits_; }
    const ChannelShapes& shapes() const override { return shapes_; }
    std::vector<std::string_view> secrets() const override { return {"master_secret"}; }
    std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }
    std::vector<Problem> check(std::string_view recipient, const Content& content) const override;
    Result<std::unique_ptr<Account>> open(AccountSettings settings,
                                          const ProviderParts& parts) const override;

  private:
    /// Getui drops a repeat of a request_id; for how long it does not say, so ten minutes count.
    const ProviderTraits traits_{
        .idempotency_ms = 600'000, .has_receipts = false, .batch = 64, .max_in_flight = 100};
    const ChannelShapes shapes_;
};

std::vector<Problem> GetuiProvider::check(std::string_view recipient,
                                          const Content& content) const {
    std::vector<Problem> problems;
    if (!client_id(recipient)) {
        problems.push_back({"$.recipient", "invalid",
                            "give a client id of Getui: 32 hexadecimal digits, with or without "
                            "getui: before them"});
    }
    const auto found = kit::problems_of<Options>(kit::options_section(content.options, "getui"),
                                                 "$.options.getui");
    problems.insert(problems.end(), found.begin(), found.end());
    return problems;
}

Result<std::unique_ptr<Account>> GetuiProvider::open(AccountSettings settings,
                                                     const ProviderParts& parts) const {
    auto read = kit::read_described<Settings>(settings.settings);
    if (!read) {
        read.error().code = ErrorCode::config_invalid;
        return std::move(read.error());
    }
    return kit::make_http_account(make_protocol(std::move(*read), parts.clock), parts);
}

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<GetuiProvider>()); }

}  // namespace hongyan::getui
