#include "universe/aliyun/service.hpp"

#include <array>

#include "base/text.hpp"
#include "universe/aliyun/actions.hpp"

namespace hongyan::universe::aliyun {
namespace {

constexpr std::string_view default_templates =
    R"({"SMS_154950909":{"type":"verification","content":"您的验证码为：${code}，请勿泄露于他人！"},)"
    R"("SMS_71390007":"尊敬的${customer}，欢迎您使用阿里云短信服务。",)"
    R"("SMS_200000001":"您的订单${order_no}已发货。","SMS_200000002":"${content}"})";

/// The codes that the service has for the faults of a chaos script.
struct FaultRow {
    std::string_view kind;
    int status;
    std::string_view code;
    std::string_view message;
};
constexpr std::array fault_table = std::to_array<FaultRow>({
    {"rate_limited", 400, "Throttling.User", "Request was denied due to user flow control."},
    {"server_error", 503, "ServiceUnavailable",
     "The request has failed due to a temporary failure of the server."},
    {"token_expired", 400, "InvalidTimeStamp.Expired",
     "Specified time stamp or date value is expired."},
    {"quota", 200, "isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5"},
    {"invalid_recipient", 200, "isv.MOBILE_NUMBER_ILLEGAL", "非法手机号"},
    {"error_in_body", 200, "isp.SYSTEM_ERROR", "SYSTEM_ERROR"},
});

class AliyunService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "aliyun"; }
    [[nodiscard]] std::string_view title() const override { return "Aliyun SMS / 阿里云短信"; }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::sms; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    ServiceReply answer(World& world, const ServiceRequest& request);

    Gateway gateway_;
    Actions actions_;
};

std::vector<ServiceSetting> AliyunService::settings() const {
    return {
        {"access_key_id", "LTAI5tSandboxAccessKey00", "The one AccessKey's id."},
        {"access_key_secret", "sandbox-access-key-secret-0000", "Its secret."},
        {"signs", "鸿雁,阿里云短信测试,阿里云短信测试专用",
         "The approved signatures, with commas between; * allows all."},
        {"templates", default_templates,
         "The approved templates: a JSON object of texts with ${variables}, or of objects with "
         "type (verification or notice) and content; the key * allows all others."},
        {"code_per_minute", "1", "Verification codes for one number and signature; 0 = no limit."},
        {"code_per_hour", "5", "The same in an hour."},
        {"code_per_day", "10", "The same in 24 hours."},
        {"notice_per_day", "50", "Other messages for one number, signature and template."},
        {"longest_param", "100", "The longest value of a variable, in characters."},
        {"illegal_words", "", "Words with commas between that make a text illegal."},
        {"blocked_numbers", "", "Numbers such as +8613800138000 that are blocked."},
        {"callback_url", "", "Where receipts go, with the secret token; empty: nowhere."},
    };
}

HttpService::SampleAccount AliyunService::sample_account(const World& world) const {
    const std::string url = world.setting("aliyun", "callback_url");
    const auto token = url.find("?token=");
    std::string settings =
        R"({"access_key_id":)" + json_quoted(world.setting("aliyun", "access_key_id")) +
        R"(,"access_key_secret":)" + json_quoted(world.setting("aliyun", "access_key_secret")) +
        R"(,"endpoint":)" + json_quoted(world.base_url("aliyun")) + R"(,"sign_name":"鸿雁")";
    if (token != std::string::npos) {
        settings += R"(,"callback_token":)" + json_quoted(url.substr(token + 7));
    }
    return {"aliyun", settings + "}"};
}

bool AliyunService::claims(const ServiceRequest& request) const {
    if (request.authority.starts_with("dysmsapi")) return true;
    if (request.header("x-acs-version") == "2017-05-25") return true;
    const auto is_rpc = [](std::string_view text) {
        return text.find("Version=2017-05-25") != std::string_view::npos &&
               text.find("SignatureNonce=") != std::string_view::npos;
    };
    return is_rpc(request.query) || is_rpc(request.body);
}

ServiceReply AliyunService::handle(World& world, const ServiceRequest& request) {
    ServiceReply reply = answer(world, request);
    add_date(reply, world.clock().now_ms());
    return reply;
}

ServiceReply AliyunService::answer(World& world, const ServiceRequest& request) {
    if (request.path != "/" && !request.path.empty()) {
        return refused({404, "InvalidAction.NotFound", "Specified api is not found."},
                       request.authority);
    }
    const Key key{world.setting("aliyun", "access_key_id"),
                  world.setting("aliyun", "access_key_secret")};
    const auto admitted = gateway_.admit(request, key, world.clock().now_ms());
    if (const auto* refusal = std::get_if<Refusal>(&admitted)) {
        return refused(*refusal, request.authority);
    }
    auto answered = actions_.answer(world, std::get<Admitted>(admitted), request);
    if (const auto* refusal = std::get_if<Refusal>(&answered)) {
        return refused(*refusal, request.authority);
    }
    ServiceReply reply;
    reply.content_type = "application/json;charset=utf-8";
    reply.body = std::get<std::string>(std::move(answered));
    return reply;
}

std::optional<ServiceReply> AliyunService::fault(World&, std::string_view kind,
                                                 const ServiceRequest& request) {
    for (const FaultRow& row : fault_table) {
        if (row.kind != kind) continue;
        return refused({row.status, std::string(row.code), std::string(row.message)},
                       request.authority);
    }
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<AliyunService>()); }

}  // namespace hongyan::universe::aliyun
