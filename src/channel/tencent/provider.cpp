#include "channel/tencent/provider.hpp"

#include <unistd.h>

#include "channel/tencent/phone.hpp"
#include "channel/tencent/protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::tencent {
namespace {

constexpr std::string_view section_path = "$.options.tencent";
constexpr std::string_view recipient_shape =
    R"({"type":"string","description":"A phone number: 5 to 15 digits, with + or 00 and the country code if it is not of the account's default country.","pattern":"^(\\+|00)?[0-9]{5,15}$","examples":["+8613800138000","13800138000"]})";

std::vector<std::string_view> secret_names() {
    return {"secret_key", "security_token", "callback_token"};
}

ChannelShapes make_shapes() {
    return {kit::schema_text(shape::description_of<Settings>(), secret_names()),
            kit::schema_text(shape::description_of<Options>()), std::string(recipient_shape)};
}

class TencentProvider final : public Provider {
  public:
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::sms; }
    [[nodiscard]] std::string_view name() const override { return "tencent"; }
    [[nodiscard]] std::string_view title() const override {
        return "Tencent Cloud SMS / 腾讯云短信";
    }
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

std::vector<Problem> TencentProvider::check(std::string_view recipient,
                                            const Content& content) const {
    std::vector<Problem> problems;
    if (!is_phone(recipient)) {
        problems.push_back({"$.recipient", "format",
                            "must be a phone number: 5 to 15 digits, with + or 00 and the country "
                            "code in front if international"});
    }
    auto options = kit::read_described<Options>(kit::options_section(content.options, "tencent"),
                                                section_path);
    if (!options) {
        for (Problem& p : options.error().problems) problems.push_back(std::move(p));
        if (options.error().problems.empty()) {
            problems.push_back({std::string(section_path), "invalid", options.error().detail});
        }
    } else if (options->template_id.empty()) {
        problems.push_back(
            {std::string(section_path) + ".template_id", "required",
             "Tencent Cloud sends approved templates only: name one, such as 1110, and give its "
             "variables in params"});
    }
    return problems;
}

Result<std::unique_ptr<Account>> TencentProvider::open(AccountSettings settings,
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
    return kit::make_http_account(std::make_unique<TencentProtocol>(std::move(*read)), parts);
}

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<TencentProvider>()); }

}  // namespace hongyan::tencent
