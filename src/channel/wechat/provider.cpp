#include "channel/wechat/provider.hpp"

#include <unistd.h>

#include "channel/wechat/address.hpp"
#include "channel/wechat/official_protocol.hpp"
#include "channel/wechat/wecom_protocol.hpp"
#include "channel/wechat/wecom_robot_protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::wechat {
namespace {

constexpr std::int64_t template_window_ms = 9 * 60'000;  // WeChat's ten minutes, less one
constexpr std::int64_t wecom_window_ms =
    25 * 60'000;  // the shortest interval, less what is under way
constexpr std::string_view openid_shape =
    R"({"type":"string","description":"The openid of a follower; \"openid:\" may stand in front.","pattern":"^(openid:)?[A-Za-z0-9_-]{16,64}$","examples":["o6_bmjrPTlm6_2sgVt7hMZOPfL2M"]})";
constexpr std::string_view wecom_shape =
    R"({"type":"string","description":"\"user:ID\", \"party:ID\" or \"tag:ID\", or several joined with |; a bare user id; user:@all is everybody.","examples":["zhangsan","user:zhangsan|party:2|tag:3"]})";
constexpr std::string_view robot_shape =
    R"({"type":"string","description":"\"robot\", or \"robot:NAME\" with the name of the group.","pattern":"^robot(:\\S+)?$","examples":["robot","robot:ops"]})";

/// What sets the providers apart, beside their types.
struct Identity {
    std::string_view name;
    std::string_view title;
    std::vector<std::string_view> secrets;
    std::string_view recipient_shape;
    ProviderTraits traits;
    bool (*takes)(std::string_view recipient);
    std::string_view recipient_rule;
    bool needs_content;
};

template <class Settings, class Options>
class WechatProvider : public Provider {
  public:
    explicit WechatProvider(Identity identity)
        : identity_(std::move(identity)),
          shapes_{kit::schema_text(shape::description_of<Settings>(), identity_.secrets),
                  kit::schema_text(shape::description_of<Options>()),
                  std::string(identity_.recipient_shape)} {}

    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::wechat; }
    [[nodiscard]] std::string_view name() const override { return identity_.name; }
    [[nodiscard]] std::string_view title() const override { return identity_.title; }
    [[nodiscard]] const ProviderTraits& traits() const override { return identity_.traits; }
    [[nodiscard]] const ChannelShapes& shapes() const override { return shapes_; }
    [[nodiscard]] std::vector<std::string_view> secrets() const override {
        return identity_.secrets;
    }

    [[nodiscard]] std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }

    [[nodiscard]] std::vector<Problem> check(std::string_view recipient,
                                             const Content& content) const override {
        const std::string section = kit::options_section(content.options, name());
        auto problems = kit::problems_of<Options>(section, "$.options." + std::string(name()));
        if (!identity_.takes(recipient)) {
            problems.push_back({"$.recipient", "format", std::string(identity_.recipient_rule)});
        }
        const bool has_own = section.find_first_not_of("{} \t\r\n") != std::string::npos;
        if (identity_.needs_content && content.content.empty() && !has_own) {
            problems.push_back({"$.content", "required", "must not be empty"});
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
        return kit::make_http_account(protocol(std::move(*read)), parts);
    }

  protected:
    [[nodiscard]] virtual std::unique_ptr<kit::HttpProtocol> protocol(Settings settings) const = 0;

  private:
    const Identity identity_;
    const ChannelShapes shapes_;
};

bool takes_openid(std::string_view recipient) { return read_openid(recipient).has_value(); }
bool takes_target(std::string_view recipient) { return read_wecom_target(recipient).has_value(); }
bool takes_robot(std::string_view recipient) { return read_robot_label(recipient).has_value(); }

Identity official(std::string_view name, std::string_view title, std::int64_t idempotency_ms) {
    return {name,
            title,
            {"secret", "callback_token", "encoding_aes_key", "previous_encoding_aes_key"},
            openid_shape,
            {.idempotency_ms = idempotency_ms, .has_receipts = true},
            takes_openid,
            "must be an openid of 16 to 64 letters, digits, - and _",
            false};
}

class TemplateProvider final : public WechatProvider<OfficialSettings, TemplateOptions> {
  public:
    TemplateProvider()
        : WechatProvider(
              official("wechat", "WeChat template message / 微信模板消息", template_window_ms)) {}

  private:
    std::unique_ptr<kit::HttpProtocol> protocol(OfficialSettings settings) const override {
        return std::make_unique<OfficialProtocol>(std::move(settings),
                                                  OfficialForm::template_message);
    }
};

class SubscribeProvider final : public WechatProvider<OfficialSettings, SubscribeOptions> {
  public:
    SubscribeProvider()
        : WechatProvider(
              official("wechat_subscribe", "WeChat subscription message / 微信订阅通知", 0)) {}

  private:
    std::unique_ptr<kit::HttpProtocol> protocol(OfficialSettings settings) const override {
        return std::make_unique<OfficialProtocol>(std::move(settings), OfficialForm::subscription);
    }
};

class WecomProvider final : public WechatProvider<WecomSettings, WecomOptions> {
  public:
    WecomProvider()
        : WechatProvider(
              {"wecom",
               "WeCom application / 企业微信应用",
               {"corpsecret", "callback_token", "encoding_aes_key", "previous_encoding_aes_key"},
               wecom_shape,
               {.idempotency_ms = wecom_window_ms},
               takes_target,
               "must be a user id, or user:, party: or tag: and an id",
               true}) {}

  private:
    std::unique_ptr<kit::HttpProtocol> protocol(WecomSettings settings) const override {
        return std::make_unique<WecomProtocol>(std::move(settings));
    }
};

class WecomRobotProvider final : public WechatProvider<WecomRobotSettings, WecomRobotOptions> {
  public:
    WecomRobotProvider()
        : WechatProvider({"wecom_robot",
                          "WeCom robot / 企业微信群机器人",
                          {"webhook_url"},
                          robot_shape,
                          {.max_in_flight = 5},
                          takes_robot,
                          "must be robot or robot:NAME",
                          true}) {}

  private:
    std::unique_ptr<kit::HttpProtocol> protocol(WecomRobotSettings settings) const override {
        return std::make_unique<WecomRobotProtocol>(std::move(settings));
    }
};

}  // namespace

void add_providers(ProviderList& list) {
    list.push_back(std::make_unique<TemplateProvider>());
    list.push_back(std::make_unique<SubscribeProvider>());
    list.push_back(std::make_unique<WecomProvider>());
    list.push_back(std::make_unique<WecomRobotProvider>());
}

}  // namespace hongyan::wechat
