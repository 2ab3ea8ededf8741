#include "universe/tencent/service.hpp"

#include <array>

#include "base/text.hpp"
#include "universe/tencent/actions.hpp"
#include "universe/tencent/gateway.hpp"

namespace hongyan::universe::tencent {
namespace {

constexpr std::string_view default_templates =
    R"({"1110":"您的验证码为{1}，请于{2}分钟内填写。","1111":"您的订单{1}已发货。",)"
    R"("1112":"{1}","1113":"系统将于今晚维护。"})";

/// The codes that the service has for the faults of a chaos script.
struct FaultRow {
    std::string_view kind;
    bool of_number;  ///< stands in the number's status, not in Error
    std::string_view code;
};
constexpr std::array fault_table = std::to_array<FaultRow>({
    {"rate_limited", false, "RequestLimitExceeded"},
    {"server_error", false, "InternalError"},
    {"token_expired", false, "AuthFailure.SignatureExpire"},
    {"quota", true, "LimitExceeded.PhoneNumberDailyLimit"},
    {"invalid_recipient", true, "InvalidParameterValue.IncorrectPhoneNumber"},
    {"error_in_body", true, "InternalError.OtherError"},
});

class TencentService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "tencent"; }
    [[nodiscard]] std::string_view title() const override {
        return "Tencent Cloud SMS / 腾讯云短信";
    }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::sms; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    Actions actions_;
};

std::vector<ServiceSetting> TencentService::settings() const {
    return {
        {"secret_id", "AKIDsandbox0000000000000000000000000", "The one API key's SecretId."},
        {"secret_key", "sandbox-secret-key-0000000000000", "Its SecretKey."},
        {"sdk_app_id", "1400006666", "The one application."},
        {"signs", "鸿雁,腾讯云", "The approved signatures, with commas between; * allows all."},
        {"templates", default_templates,
         "The approved templates: a JSON object of texts with {1}, {2}, ...; the key * allows all "
         "others."},
        {"per_thirty_seconds", "1", "Messages for one number in 30 seconds; 0 = no limit."},
        {"per_hour", "5", "The same in an hour."},
        {"per_day", "10", "The same in 24 hours."},
        {"longest_param", "100", "The longest value of a variable, in characters; 0 = no limit."},
        {"blocked_numbers", "", "Numbers such as +8613800138000 that are blocked."},
        {"callback_url", "", "Where receipts go, with the secret token; empty: nowhere."},
        {"receipts_with_ext", "true", "Whether receipts carry the SessionContext as ext."},
    };
}

HttpService::SampleAccount TencentService::sample_account(const World& world) const {
    const std::string url = world.setting("tencent", "callback_url");
    const auto token = url.find("?token=");
    std::string settings =
        R"({"secret_id":)" + json_quoted(world.setting("tencent", "secret_id")) +
        R"(,"secret_key":)" + json_quoted(world.setting("tencent", "secret_key")) +
        R"(,"sdk_app_id":)" + json_quoted(world.setting("tencent", "sdk_app_id")) +
        R"(,"endpoint":)" + json_quoted(world.base_url("tencent")) + R"(,"sign_name":"鸿雁")";
    if (token != std::string::npos) {
        settings += R"(,"callback_token":)" + json_quoted(url.substr(token + 7));
    }
    return {"tencent", settings + "}"};
}

bool TencentService::claims(const ServiceRequest& request) const {
    if (request.header("x-tc-action").empty()) return false;
    return request.header("x-tc-version") == "2021-01-11" || request.authority.starts_with("sms.");
}

ServiceReply TencentService::handle(World& world, const ServiceRequest& request) {
    const Key key{world.setting("tencent", "secret_id"), world.setting("tencent", "secret_key")};
    const std::int64_t now_ms = world.clock().now_ms();
    const auto refusal = refusal_of(request, key, now_ms);
    ServiceReply reply = refusal ? refused(*refusal) : actions_.answer(world, request);
    add_date(reply, now_ms);
    return reply;
}

std::optional<ServiceReply> TencentService::fault(World&, std::string_view kind,
                                                  const ServiceRequest&) {
    for (const FaultRow& row : fault_table) {
        if (row.kind != kind) continue;
        if (!row.of_number) return refused({std::string(row.code), "scripted"});
        return answered(R"("SendStatusSet":[{"SerialNo":"","PhoneNumber":"","Fee":0,)"
                        R"("SessionContext":"","Code":)" +
                        json_quoted(row.code) + R"(,"Message":"scripted","IsoCode":""}])");
    }
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<TencentService>()); }

}  // namespace hongyan::universe::tencent
