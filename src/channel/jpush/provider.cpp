#include "channel/jpush/provider.hpp"

#include "channel/jpush/cid_account.hpp"
#include "channel/jpush/cid_pool.hpp"
#include "channel/jpush/protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::jpush {
namespace {

constexpr std::string_view recipient_schema = R"({
  "type": "string",
  "pattern": "^(jpush:[0-9A-Za-z]{11,64}|[0-9A-Za-z]{18,31})$",
  "description": "Registration id of the app, with or without jpush: before it.",
  "examples": ["jpush:1507bfd3f7c466c2e3f"]
})";

class JpushProvider final : public Provider {
  public:
    JpushProvider()
        : shapes_{kit::schema_text(shape::description_of<Settings>(), {"master_secret"}),
                  kit::schema_text(shape::description_of<Options>()),
                  std::string(recipient_schema)} {}

    ChannelKind channel() const override { return ChannelKind::app; }
    std::string_view name() const override { return "jpush"; }
    std::string_view title() const override { return "JPush / 极光推送"; }
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
    /// A cid may have lain in the pool for half a day before its message was sent first. Ten,
    /// because a free app gets ten cids at once.
    const ProviderTraits traits_{.idempotency_ms = cid_life_ms - cid_shelf_ms,
                                 .batch = 10,
                                 .max_in_flight = 50,
                                 .gives_tokens = true};
    const ChannelShapes shapes_;
};

std::vector<Problem> JpushProvider::check(std::string_view recipient,
                                          const Content& content) const {
    std::vector<Problem> problems;
    if (!registration_id(recipient)) {
        problems.push_back({"$.recipient", "invalid",
                            "give a registration id of JPush, e.g. jpush:1507bfd3f7c466c2e3f"});
    }
    if (content.content.empty())
        problems.push_back({"$.content", "required", "JPush sends nothing without a text"});
    const auto found = kit::problems_of<Options>(kit::options_section(content.options, "jpush"),
                                                 "$.options.jpush");
    problems.insert(problems.end(), found.begin(), found.end());
    return problems;
}

Result<std::unique_ptr<Account>> JpushProvider::open(AccountSettings settings,
                                                     const ProviderParts& parts) const {
    auto read = kit::read_described<Settings>(settings.settings);
    if (!read) {
        read.error().code = ErrorCode::config_invalid;
        return std::move(read.error());
    }
    auto account = kit::make_http_account(make_protocol(*read, parts.clock), parts);
    if (read->cid != "pool") return account;
    return make_cid_account(std::move(account), settings.id, *read, parts);
}

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<JpushProvider>()); }

}  // namespace hongyan::jpush
