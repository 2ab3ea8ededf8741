#include "channel/webhook/provider.hpp"

#include <unistd.h>

#include "channel/webhook/protocol.hpp"
#include "channel/webhook/target.hpp"
#include "kit/described.hpp"

namespace hongyan::webhook {
namespace {

/// Receivers are asked to remember ids; that they do so for three days is what the form's own
/// schedule of repeats rests on.
constexpr std::int64_t id_window_ms = 3LL * 86'400'000;
constexpr std::string_view recipient_shape =
    R"({"type":"string","description":"An absolute http or https address, or a path below the account's base_url.","maxLength":2048,"examples":["https://example.com/hooks/1","orders/new"]})";

std::vector<std::string_view> secret_names() {
    return {"secret", "previous_secret", "signing_key", "authorization"};
}

class WebhookProvider final : public Provider {
  public:
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::webhook; }
    [[nodiscard]] std::string_view name() const override { return "webhook"; }
    [[nodiscard]] std::string_view title() const override {
        return "Signed webhook (Standard Webhooks) / 签名 Webhook";
    }
    [[nodiscard]] const ProviderTraits& traits() const override { return traits_; }
    [[nodiscard]] const ChannelShapes& shapes() const override { return shapes_; }
    [[nodiscard]] std::vector<std::string_view> secrets() const override { return secret_names(); }

    [[nodiscard]] std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }

    [[nodiscard]] std::vector<Problem> check(std::string_view recipient,
                                             const Content& content) const override {
        const std::string section = kit::options_section(content.options, name());
        auto problems = kit::problems_of<Options>(section, "$.options.webhook");
        if (auto trouble = check_recipient(recipient)) {
            problems.push_back({"$.recipient", "format", std::move(*trouble)});
        }
        return problems;
    }

    [[nodiscard]] Result<std::unique_ptr<Account>> open(AccountSettings settings,
                                                        const ProviderParts& parts) const override {
        auto read = kit::read_described<Settings>(settings.settings);
        if (!read) {
            Error error = std::move(read.error());
            error.code = ErrorCode::config_invalid;
            return error;
        }
        if (!read->ca_file.empty() && access(read->ca_file.c_str(), R_OK) != 0) {
            Error error = make_error(ErrorCode::config_invalid, "The ca_file cannot be read.");
            error.problems.push_back({"$.ca_file", "unreadable", "must name a PEM file"});
            return error;
        }
        return kit::make_http_account(std::make_unique<WebhookProtocol>(std::move(*read)), parts);
    }

  private:
    const ProviderTraits traits_{.idempotency_ms = id_window_ms};
    const ChannelShapes shapes_{kit::schema_text(shape::description_of<Settings>(), secret_names()),
                                kit::schema_text(shape::description_of<Options>()),
                                std::string(recipient_shape)};
};

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<WebhookProvider>()); }

}  // namespace hongyan::webhook
