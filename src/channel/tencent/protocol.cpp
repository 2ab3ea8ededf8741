#include "channel/tencent/protocol.hpp"

#include <boost/json/parse.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "channel/tencent/callback_guard.hpp"
#include "channel/tencent/correlation.hpp"
#include "channel/tencent/outcome.hpp"
#include "channel/tencent/phone.hpp"
#include "channel/tencent/receipts.hpp"
#include "kit/described.hpp"

namespace hongyan::tencent {
namespace {

constexpr std::string_view api_version = "2021-01-11";
/// Clocks differ, and the first attempt's request was under way for a while.
constexpr std::int64_t query_margin_ms = 120'000;
constexpr std::string_view json_type = "application/json; charset=utf-8";

Error cannot_send(std::string detail) {
    return make_error(ErrorCode::content_invalid, std::move(detail));
}

/// What the message says, else what the account says.
void fill_from(Options& options, const Settings& settings) {
    if (options.template_id.empty()) options.template_id = settings.template_id;
    if (options.sign_name.empty()) options.sign_name = settings.sign_name;
    if (options.extend_code.empty()) options.extend_code = settings.extend_code;
    if (options.sender_id.empty()) options.sender_id = settings.sender_id;
}

void add_text(std::string& body, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    if (body.size() > 1) body += ',';
    body += json_quoted(name) + ":" + json_quoted(value);
}

std::string json_list(const std::vector<std::string>& texts) {
    std::string list = "[";
    for (const std::string& text : texts) {
        if (list.size() > 1) list += ',';
        list += json_quoted(text);
    }
    return list + "]";
}

/// "2026112308": the hour in China, as the statistics are asked for.
std::string china_hour(std::int64_t unix_ms) {
    std::string text = format_rfc3339(unix_ms + 8 * 3'600'000).substr(0, 13);
    std::erase_if(text, [](char c) { return c == '-' || c == 'T'; });
    return text;
}

/// True if the answer holds what SendStatusStatistics answers.
bool has_statistics(const std::string& body) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(body, error);
    if (error) return false;
    const auto found = parsed.find_pointer("/Response/SendStatusStatistics", error);
    return found != nullptr && found->is_object();
}

/// The SerialNo of the report with that SessionContext.
std::optional<std::string> serial_of(const std::string& body, const std::string& session) {
    boost::system::error_code error;
    const auto parsed = boost::json::parse(body, error);
    if (error) return std::nullopt;
    const auto* list = parsed.find_pointer("/Response/PullSmsSendStatusSet", error);
    if (list == nullptr || !list->is_array()) return std::nullopt;
    for (const auto& row : list->get_array()) {
        if (!row.is_object()) continue;
        const auto text = [&](const char* name) -> std::string_view {
            const auto* value = row.get_object().if_contains(name);
            if (value == nullptr || !value->is_string()) return {};
            return value->get_string();
        };
        if (text("SessionContext") == session) return std::string(text("SerialNo").substr(0, 128));
    }
    return std::nullopt;
}

}  // namespace

TencentProtocol::TencentProtocol(Settings settings)
    : settings_(std::move(settings)), endpoint_(parse_endpoint(settings_.endpoint)) {}

OutboundRequest TencentProtocol::signed_call(std::string action, std::string body,
                                             std::int64_t now_ms) const {
    Call call;
    call.service = "sms";
    call.host = endpoint_.host;
    call.content_type = json_type;
    // The action stays unsigned, as in the vendor's own clients.
    call.body = std::move(body);
    call.timestamp = now_ms / 1000;
    OutboundRequest request;
    request.method = "POST";
    // Whatever the path on the way there, the service knows and signs only "/".
    request.url = endpoint_.scheme + "://" + endpoint_.host + endpoint_.path + "/";
    request.headers = {
        {"Content-Type", call.content_type},
        {"X-TC-Action", std::move(action)},
        {"X-TC-Version", std::string(api_version)},
        {"X-TC-Region", settings_.region},
        {"X-TC-Timestamp", std::to_string(call.timestamp)},
        {"Authorization", authorization(call, {settings_.secret_id, settings_.secret_key})}};
    if (!settings_.security_token.empty()) {
        request.headers.emplace_back("X-TC-Token", settings_.security_token);
    }
    request.body = std::move(call.body);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> TencentProtocol::request(const Message& message,
                                                 const kit::SendContext& context) {
    const auto digits = international_digits(message.recipient, settings_.default_country_code);
    if (!digits) {
        return cannot_send(
            "The recipient is not a number of a known country: write + and the "
            "country code, or set default_country_code.");
    }
    auto options = kit::read_described<Options>(kit::options_section(message.options, "tencent"),
                                                "$.options.tencent");
    if (!options) return options.error();
    fill_from(*options, settings_);
    if (options->template_id.empty()) {
        return cannot_send("Neither the message nor the account names a template_id.");
    }
    if (options->sign_name.empty() && is_mainland(*digits)) {
        return cannot_send("A mainland number needs a sign_name, of the message or the account.");
    }
    std::string body = R"({"PhoneNumberSet":)" + json_list({"+" + *digits});
    add_text(body, "SmsSdkAppId", settings_.sdk_app_id);
    add_text(body, "TemplateId", options->template_id);
    add_text(body, "SignName", options->sign_name);
    if (!options->params.empty()) body += R"(,"TemplateParamSet":)" + json_list(options->params);
    add_text(body, "ExtendCode", options->extend_code);
    add_text(body, "SessionContext", correlation_of(message));
    add_text(body, "SenderId", options->sender_id);
    return signed_call("SendSms", body + "}", context.now_ms);
}

Outcome TencentProtocol::judge(const Message&, const OutboundReply& reply) {
    return judge_answer(reply);
}

/// The reports of one number. One that carries our SessionContext proves that the message arrived
/// and says what became of it; none proves nothing, for reports come after a while.
std::optional<OutboundRequest> TencentProtocol::query_request(const Message& message,
                                                              const kit::SendContext& context) {
    const auto digits = international_digits(message.recipient, settings_.default_country_code);
    if (!digits) return std::nullopt;
    const auto since = message.unknown_since_ms != 0 ? message.unknown_since_ms : context.now_ms;
    std::string body = R"({"BeginTime":)" + std::to_string((since - query_margin_ms) / 1000) +
                       R"(,"Offset":0,"Limit":100)";
    add_text(body, "PhoneNumber", "+" + *digits);
    add_text(body, "SmsSdkAppId", settings_.sdk_app_id);
    return signed_call("PullSmsSendStatusByPhoneNumber", body + "}", context.now_ms);
}

std::optional<Outcome> TencentProtocol::judge_query(const Message& message,
                                                    const OutboundReply& reply) {
    if (reply.status != 200) return std::nullopt;
    const auto serial = serial_of(reply.body, correlation_of(message));
    if (!serial) return std::nullopt;
    Outcome outcome;
    outcome.provider_message_id = *serial;
    outcome.code = "asked";
    outcome.detail =
        "the answer was lost; the reports of the number name the message, so it arrived";
    return outcome;
}

Result<CallbackAnswer> TencentProtocol::callback(const Callback& callback, std::int64_t) {
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
    answer.body = R"({"result":0,"errmsg":"OK"})";
    answer.replay_key = to_hex(sha256(callback.body));
    return answer;
}

std::optional<OutboundRequest> TencentProtocol::test_request(const kit::SendContext& context) {
    std::string body = "{";
    add_text(body, "BeginTime", china_hour(context.now_ms - 3'600'000));
    add_text(body, "EndTime", china_hour(context.now_ms));
    add_text(body, "SmsSdkAppId", settings_.sdk_app_id);
    body += R"(,"Limit":0,"Offset":0})";
    return signed_call("SendStatusStatistics", std::move(body), context.now_ms);
}

AccountTest TencentProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from " + endpoint_.host + ": " + reply.detail;
    } else if (has_statistics(reply.body)) {
        test.ok = true;
        test.detail = "SendStatusStatistics was answered: key, clock and SdkAppId are right.";
    } else {
        const Outcome outcome = judge_answer(reply);
        test.detail = "SendStatusStatistics was answered " + outcome.code + ": " + outcome.detail;
    }
    return test;
}

}  // namespace hongyan::tencent
