#include "channel/feishu/provider.hpp"

#include <unistd.h>

#include "channel/feishu/address.hpp"
#include "channel/feishu/app_protocol.hpp"
#include "channel/feishu/robot_protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::feishu {
namespace {

constexpr std::int64_t uuid_window_ms = 55 * 60'000;  // Feishu's hour, less what may be under way
constexpr std::string_view robot_shape =
    R"({"type":"string","description":"\"robot\", or \"robot:NAME\" with the name of the group.","pattern":"^robot(:\\S+)?$","examples":["robot","robot:ops"]})";
constexpr std::string_view app_shape =
    R"({"type":"string","description":"An open_id (ou_...), union_id (on_...), chat_id (oc_...), e-mail address or user_id; its kind may stand in front: user_id:ID.","maxLength":264,"examples":["ou_84aad35d084aa403a838cf73ee18467","oc_5ad11d72b830411d72b836c20","ann@example.com","user_id:g6964gd3"]})";

/// What the two providers do alike; Settings and Protocol are theirs.
template <class Settings, class Protocol>
class FeishuProvider : public Provider {
  public:
    FeishuProvider(std::vector<std::string_view> secrets, std::string_view recipient_shape,
                   ProviderTraits traits)
        : secrets_(std::move(secrets)),
          traits_(traits),
          shapes_{kit::schema_text(shape::description_of<Settings>(), secrets_),
                  kit::schema_text(shape::description_of<Options>()),
                  std::string(recipient_shape)} {}

    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::feishu; }
    [[nodiscard]] const ProviderTraits& traits() const override { return traits_; }
    [[nodiscard]] const ChannelShapes& shapes() const override { return shapes_; }
    [[nodiscard]] std::vector<std::string_view> secrets() const override { return secrets_; }

    [[nodiscard]] std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
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
        return kit::make_http_account(std::make_unique<Protocol>(std::move(*read)), parts);
    }

  protected:
    [[nodiscard]] std::vector<Problem> check_content(const Content& content) const {
        const std::string path = "$.options." + std::string(name());
        const std::string section = kit::options_section(content.options, name());
        auto problems = kit::problems_of<Options>(section, path);
        const bool has_own = section.find_first_not_of("{} \t\r\n") != std::string::npos;
        if (content.content.empty() && !has_own) {
            problems.push_back({"$.content", "required", "must not be empty"});
        }
        return problems;
    }

  private:
    const std::vector<std::string_view> secrets_;
    const ProviderTraits traits_;
    const ChannelShapes shapes_;
};

class RobotProvider final : public FeishuProvider<RobotSettings, RobotProtocol> {
  public:
    RobotProvider()
        : FeishuProvider({"webhook_url", "secret"}, robot_shape, {.max_in_flight = 5}) {
    }  // it takes 5 a second, 100 a minute
    [[nodiscard]] std::string_view name() const override { return "feishu_robot"; }
    [[nodiscard]] std::string_view title() const override {
        return "Feishu custom robot / 飞书自定义机器人";
    }
    [[nodiscard]] std::vector<Problem> check(std::string_view recipient,
                                             const Content& content) const override {
        auto problems = check_content(content);
        if (!read_robot_label(recipient)) {
            problems.push_back({"$.recipient", "format", "must be robot or robot:NAME"});
        }
        return problems;
    }
};

class AppProvider final : public FeishuProvider<AppSettings, AppProtocol> {
  public:
    AppProvider()
        : FeishuProvider({"app_secret", "verification_token", "encrypt_key"}, app_shape,
                         {.idempotency_ms = uuid_window_ms, .max_in_flight = 50}) {}
    [[nodiscard]] std::string_view name() const override { return "feishu"; }
    [[nodiscard]] std::string_view title() const override {
        return "Feishu application / 飞书应用机器人";
    }
    [[nodiscard]] std::vector<Problem> check(std::string_view recipient,
                                             const Content& content) const override {
        auto problems = check_content(content);
        if (!read_address(recipient)) {
            problems.push_back({"$.recipient", "format",
                                "must be an open_id, union_id, chat_id, e-mail address or "
                                "user_id, with or without its kind in front"});
        }
        return problems;
    }
};

}  // namespace

void add_providers(ProviderList& list) {
    list.push_back(std::make_unique<RobotProvider>());
    list.push_back(std::make_unique<AppProvider>());
}

}  // namespace hongyan::feishu
