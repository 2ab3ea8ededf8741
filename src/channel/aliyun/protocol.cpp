#include "channel/aliyun/protocol.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "channel/aliyun/callback_guard.hpp"
#include "channel/aliyun/correlation.hpp"
#include "channel/aliyun/outcome.hpp"
#include "channel/aliyun/phone.hpp"
#include "channel/aliyun/receipts.hpp"
#include "kit/described.hpp"

namespace hongyan::aliyun {
namespace {

constexpr std::string_view api_version = "2017-05-25";
constexpr std::string_view form_type = "application/x-www-form-urlencoded";
/// The number that the service's own examples use; only asked about, never written to.
constexpr std::string_view test_number = "15300000001";

std::string json_text(const std::map<std::string, std::string>& params) {
    std::string text = "{";
    for (const auto& [name, value] : params) {
        if (text.size() > 1) text += ',';
        text += json_quoted(name) + ":" + json_quoted(value);
    }
    return text + "}";
}

Error cannot_send(std::string detail) {
    return make_error(ErrorCode::content_invalid, std::move(detail));
}

/// What the message says, else what the account says.
void fill_from(Options& options, const Settings& settings) {
    if (options.template_code.empty()) options.template_code = settings.template_code;
    if (options.sign_name.empty()) options.sign_name = settings.sign_name;
    if (options.up_extend_code.empty()) options.up_extend_code = settings.up_extend_code;
}

Parameters send_parameters(const Options& options, std::string_view digits) {
    Parameters parameters{{"PhoneNumbers", service_number(digits)},
                          {"SignName", options.sign_name},
                          {"TemplateCode", options.template_code}};
    if (!options.params.empty()) parameters["TemplateParam"] = json_text(options.params);
    if (!options.up_extend_code.empty()) parameters["SmsUpExtendCode"] = options.up_extend_code;
    return parameters;
}

/// "20261123": the day in China, as the details are asked for.
std::string china_day(std::int64_t unix_ms) {
    std::string day = format_day(unix_ms + 8 * 3'600'000);
    std::erase(day, '-');
    return day;
}

bool names_out_id(const std::string& body, const std::string& out_id) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(body, error);
    if (error) return false;
    const auto* list = parsed.find_pointer("/SmsSendDetailDTOs/SmsSendDetailDTO", error);
    if (list == nullptr || !list->is_array()) return false;
    const auto& rows = list->get_array();
    return std::any_of(rows.begin(), rows.end(), [&](const boost::json::value& row) {
        const auto* value = row.is_object() ? row.get_object().if_contains("OutId") : nullptr;
        return value != nullptr && value->is_string() &&
               std::string_view(value->get_string()) == out_id;
    });
}

}  // namespace

AliyunProtocol::AliyunProtocol(Settings settings)
    : settings_(std::move(settings)),
      endpoint_(parse_endpoint(settings_.endpoint)),
      credentials_{settings_.access_key_id, settings_.access_key_secret, settings_.security_token} {
}

OutboundRequest AliyunProtocol::signed_call(std::string_view action, Parameters parameters,
                                            std::int64_t now_ms) const {
    if (!settings_.region.empty()) parameters["RegionId"] = settings_.region;
    const Call call{
        std::string(action),   std::string(api_version), endpoint_.host, std::string(form_type),
        std::move(parameters), to_hex(random_bytes(16)), now_ms};
    OutboundRequest request;
    request.method = "POST";
    request.url = endpoint_.scheme + "://" + endpoint_.host + endpoint_.path + "/";
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    if (settings_.signature == "rpc") {
        request.headers.emplace_back("Content-Type", form_type);
        request.body = canonical_query(rpc_parameters("POST", call, credentials_));
    } else {
        request.url += "?" + canonical_query(call.parameters);
        request.headers = v3_headers(call, credentials_);
    }
    return request;
}

Result<OutboundRequest> AliyunProtocol::request(const Message& message,
                                                const kit::SendContext& context) {
    const auto digits = international_digits(message.recipient, settings_.default_country_code);
    if (!digits) {
        return cannot_send(
            "The recipient is not a number of a known country: write + and the "
            "country code, or set default_country_code.");
    }
    auto options = kit::read_described<Options>(kit::options_section(message.options, "aliyun"),
                                                "$.options.aliyun");
    if (!options) return options.error();
    fill_from(*options, settings_);
    if (options->template_code.empty()) {
        return cannot_send("Neither the message nor the account names a template_code.");
    }
    if (options->sign_name.empty()) {
        return cannot_send("Neither the message nor the account names a sign_name.");
    }
    Parameters parameters = send_parameters(*options, *digits);
    parameters["OutId"] = correlation_of(message);
    return signed_call("SendSms", std::move(parameters), context.now_ms);
}

Outcome AliyunProtocol::judge(const Message& message, const OutboundReply& reply) {
    return judge_answer(reply, message.attempts - message.attempts_before);
}

/// The details of one number on one day. A row that carries our OutId proves that the message
/// arrived; none proves nothing, for rows come after a while.
std::optional<OutboundRequest> AliyunProtocol::query_request(const Message& message,
                                                             const kit::SendContext& context) {
    const auto digits = international_digits(message.recipient, settings_.default_country_code);
    if (!digits) return std::nullopt;
    const auto since = message.unknown_since_ms != 0 ? message.unknown_since_ms : context.now_ms;
    return signed_call("QuerySendDetails",
                       {{"PhoneNumber", service_number(*digits)},
                        {"SendDate", china_day(since)},
                        {"PageSize", "50"},
                        {"CurrentPage", "1"}},
                       context.now_ms);
}

std::optional<Outcome> AliyunProtocol::judge_query(const Message& message,
                                                   const OutboundReply& reply) {
    if (reply.status != 200 || !names_out_id(reply.body, correlation_of(message)))
        return std::nullopt;
    Outcome outcome;
    outcome.code = "asked";
    outcome.detail = "the answer was lost; QuerySendDetails lists the message, so it arrived";
    return outcome;
}

Result<CallbackAnswer> AliyunProtocol::callback(const Callback& callback, std::int64_t) {
    if (callback.method != "POST") {
        return make_error(ErrorCode::bad_request, "Receipts come by POST.");
    }
    auto trusted =
        check_trust(callback, {settings_.callback_token, settings_.callback_allowed_ips});
    if (!trusted) return trusted.error();
    auto receipts = read_receipts(callback.body);
    if (!receipts) return receipts.error();
    CallbackAnswer answer;
    answer.receipts = std::move(*receipts);
    answer.content_type = "application/json; charset=utf-8";
    answer.body = R"({"code":0,"msg":"成功"})";
    answer.replay_key = to_hex(sha256(callback.body));
    return answer;
}

std::optional<OutboundRequest> AliyunProtocol::test_request(const kit::SendContext& context) {
    return signed_call("QuerySendDetails",
                       {{"PhoneNumber", std::string(test_number)},
                        {"SendDate", china_day(context.now_ms)},
                        {"PageSize", "1"},
                        {"CurrentPage", "1"}},
                       context.now_ms);
}

AccountTest AliyunProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from " + endpoint_.host + ": " + reply.detail;
        return test;
    }
    const Outcome outcome = judge_answer(reply, 1);
    if (outcome.kind == OutcomeClass::accepted) {
        test.ok = true;
        test.detail = "QuerySendDetails was answered OK: key, signature and clock are right.";
    } else if (outcome.code == "isp.RAM_PERMISSION_DENY" || outcome.code == "Forbidden.RAM") {
        test.ok = true;
        test.detail = "The key is right, but it may not query details (" + outcome.code +
                      "); whether it may send shows with the first message.";
    } else {
        test.detail = "QuerySendDetails was answered " + outcome.code + ": " + outcome.detail;
    }
    return test;
}

}  // namespace hongyan::aliyun
