#include "channel/twilio/provider.hpp"

#include <unistd.h>

#include "base/text.hpp"
#include "channel/twilio/phone.hpp"
#include "channel/twilio/protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::twilio {
namespace {

constexpr std::string_view section_path = "$.options.twilio";
constexpr std::size_t longest_body = 1'600;
constexpr std::string_view recipient_shape =
    R"({"type":"string","description":"A phone number: 5 to 15 digits, with + or 00 and the country code if it is not of the account's default country.","pattern":"^(\\+|00)?[0-9]{5,15}$","examples":["+8613800138000","13800138000"]})";

std::vector<std::string_view> secret_names() { return {"auth_token", "api_key_secret"}; }

ChannelShapes make_shapes() {
    return {kit::schema_text(shape::description_of<Settings>(), secret_names()),
            kit::schema_text(shape::description_of<Options>()), std::string(recipient_shape)};
}

class TwilioProvider final : public Provider {
  public:
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::sms; }
    [[nodiscard]] std::string_view name() const override { return "twilio"; }
    [[nodiscard]] std::string_view title() const override { return "Twilio"; }
    [[nodiscard]] const ProviderTraits& traits() const override { return traits_; }
    [[nodiscard]] const ChannelShapes& shapes() const override { return shapes_; }
    [[nodiscard]] std::vector<std::string_view> secrets() const override { return secret_names(); }

    [[nodiscard]] std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }
    [[nodiscard]] std::vector<Problem> check(std::string_view recipient,
                                             const Content& content) const override;
    [[nodiscard]] Result<std::unique_ptr<Account>> open(AccountSettings settings,
                                                        const ProviderParts& parts) const override;

  private:
    const ProviderTraits traits_{.has_receipts = true};
    const ChannelShapes shapes_ = make_shapes();
};

void check_text(const Content& content, const Options& options, std::vector<Problem>& problems) {
    const bool has_other = !options.content_sid.empty() || !options.media_urls.empty();
    if (content.content.empty() && !has_other) {
        problems.push_back(
            {"$.content", "required", "must not be empty without content_sid or media_urls"});
    }
    const std::size_t length = utf8_length(content.content);
    if (length > longest_body && options.content_sid.empty()) {
        problems.push_back(
            {"$.content", "too_long",
             "has " + std::to_string(length) + " characters, at most 1600 are possible"});
    }
}

std::vector<Problem> TwilioProvider::check(std::string_view recipient,
                                           const Content& content) const {
    std::vector<Problem> problems;
    if (!is_phone(recipient)) {
        problems.push_back({"$.recipient", "format",
                            "must be a phone number: 5 to 15 digits, with + or 00 and the country "
                            "code in front if international"});
    }
    auto options =
        kit::read_described<Options>(kit::options_section(content.options, "twilio"), section_path);
    if (options) {
        check_text(content, *options, problems);
        return problems;
    }
    for (Problem& p : options.error().problems) problems.push_back(std::move(p));
    if (options.error().problems.empty()) {
        problems.push_back({std::string(section_path), "invalid", options.error().detail});
    }
    return problems;
}

Result<std::unique_ptr<Account>> TwilioProvider::open(AccountSettings settings,
                                                      const ProviderParts& parts) const {
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
    return kit::make_http_account(std::make_unique<TwilioProtocol>(std::move(*read), settings.name),
                                  parts);
}

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<TwilioProvider>()); }

}  // namespace hongyan::twilio
