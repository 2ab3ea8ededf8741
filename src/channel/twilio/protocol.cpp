#include "channel/twilio/protocol.hpp"

#include <boost/json/parse.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/twilio/outcome.hpp"
#include "channel/twilio/phone.hpp"
#include "channel/twilio/receipts.hpp"
#include "channel/twilio/signature.hpp"
#include "kit/described.hpp"

namespace hongyan::twilio {
namespace {

namespace json = boost::json;

/// In the callback's URL, so that a receipt finds its message even when the answer with the SID was
/// lost. The signature covers the URL, so nobody can change it.
constexpr std::string_view message_key = "message";

Error cannot_send(std::string detail) {
    return make_error(ErrorCode::content_invalid, std::move(detail));
}

std::string public_url(const std::string& setting, std::string_view account_name) {
    auto parts = split_url(setting);
    if (!parts) return "";
    const bool only_base = parts->path.empty() || parts->path == "/";
    if (only_base) parts->path = "/api/callbacks/sms/" + percent_encoded(account_name);
    return join(*parts);
}

std::string json_text(const std::map<std::string, std::string>& values) {
    std::string text = "{";
    for (const auto& [name, value] : values) {
        if (text.size() > 1) text += ',';
        text += json_quoted(name) + ":" + json_quoted(value);
    }
    return text + "}";
}

void add(Form& form, std::string_view name, std::string value) {
    if (!value.empty()) form.emplace_back(name, std::move(value));
}

/// What the message says of its sender, else what the account says; a service goes before a number.
void fill_from(Options& options, const Settings& settings) {
    if (options.from.empty() && options.messaging_service_sid.empty()) {
        options.messaging_service_sid = settings.messaging_service_sid;
        options.from = settings.from;
    }
    if (options.validity_period_seconds == 0) {
        options.validity_period_seconds = settings.validity_period_seconds;
    }
}

void add_content(Form& form, const Message& message, const Options& options) {
    if (options.content_sid.empty()) {
        add(form, "Body", message.content);
    } else {
        add(form, "ContentSid", options.content_sid);
        const bool has_values = !options.content_variables.empty();
        add(form, "ContentVariables", has_values ? json_text(options.content_variables) : "");
    }
    for (const std::string& url : options.media_urls) add(form, "MediaUrl", url);
}

void add_terms(Form& form, const Options& options) {
    const auto period = options.validity_period_seconds;
    add(form, "ValidityPeriod", period == 0 ? "" : std::to_string(period));
    if (options.smart_encoded)
        form.emplace_back("SmartEncoded", *options.smart_encoded ? "true" : "false");
}

}  // namespace

TwilioProtocol::TwilioProtocol(Settings settings, std::string_view account_name)
    : settings_(std::move(settings)),
      account_path_("/2010-04-01/Accounts/" + settings_.account_sid),
      public_callback_url_(public_url(settings_.callback_url, account_name)) {}

OutboundRequest TwilioProtocol::call(std::string method, std::string_view path) const {
    OutboundRequest request;
    request.method = std::move(method);
    std::string base = settings_.endpoint;
    while (base.ends_with('/')) base.pop_back();
    request.url = base + account_path_ + std::string(path);
    const bool by_key = !settings_.api_key_sid.empty();
    request.user = by_key ? settings_.api_key_sid : settings_.account_sid;
    request.password = by_key ? settings_.api_key_secret : settings_.auth_token;
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    request.headers = {{"Accept", "application/json"}};
    return request;
}

Result<OutboundRequest> TwilioProtocol::request(const Message& message, const kit::SendContext&) {
    const auto digits = international_digits(message.recipient, settings_.default_country_code);
    if (!digits) {
        return cannot_send(
            "The recipient is not a number of a known country: write + and the "
            "country code, or set default_country_code.");
    }
    auto options = kit::read_described<Options>(kit::options_section(message.options, "twilio"),
                                                "$.options.twilio");
    if (!options) return options.error();
    fill_from(*options, settings_);
    if (options->from.empty() && options->messaging_service_sid.empty()) {
        return cannot_send(
            "Neither the message nor the account names a from or a "
            "messaging_service_sid.");
    }
    Form form{{"To", "+" + *digits}};
    if (options->messaging_service_sid.empty()) {
        add(form, "From", options->from);
    } else {
        add(form, "MessagingServiceSid", options->messaging_service_sid);
    }
    add_content(form, message, *options);
    add_terms(form, *options);
    if (!public_callback_url_.empty()) {
        const char separator = public_callback_url_.find('?') == std::string::npos ? '?' : '&';
        add(form, "StatusCallback",
            public_callback_url_ + separator + std::string(message_key) + "=" +
                trace_id_of(message.id));
    }
    OutboundRequest request = call("POST", "/Messages.json");
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = write_form(form);
    return request;
}

Outcome TwilioProtocol::judge(const Message& message, const OutboundReply& reply) {
    return judge_answer(reply, message.attempts - message.attempts_before);
}

bool TwilioProtocol::is_genuine(const Callback& callback, const Form& signed_fields) const {
    const std::string_view signature = callback.header("x-twilio-signature");
    bool genuine = signature_fits(settings_.auth_token, callback.url, signed_fields, signature);
    // Behind a proxy the server sees another URL than the one that Twilio called and signed.
    auto seen = split_url(callback.url);
    auto known = split_url(public_callback_url_);
    if (seen && known) {
        known->query = seen->query;
        genuine |= signature_fits(settings_.auth_token, join(*known), signed_fields, signature);
    }
    return genuine;
}

Result<CallbackAnswer> TwilioProtocol::callback(const Callback& callback, std::int64_t) {
    if (callback.method != "POST") {
        return make_error(ErrorCode::bad_request, "Status callbacks come by POST.");
    }
    if (settings_.auth_token.empty()) {
        return make_error(ErrorCode::unauthorized,
                          "The account has no auth_token to verify a receipt with.");
    }
    const std::string_view body_hash = callback.query_value("bodySHA256");
    auto fields = body_hash.empty() ? read_form(callback.body) : Form{};
    if (!fields) return make_error(ErrorCode::bad_request, "The body is not a form.");
    if (!is_genuine(callback, *fields)) {
        return make_error(ErrorCode::unauthorized, "X-Twilio-Signature does not fit.");
    }
    if (!body_hash.empty()) {
        // A JSON body is signed by its hash in the URL; its members are the form's fields.
        if (!equal_in_constant_time(to_hex(sha256(callback.body)), to_lower(body_hash))) {
            return make_error(ErrorCode::unauthorized, "bodySHA256 does not fit the body.");
        }
        boost::system::error_code error;
        const json::value body = json::parse(callback.body, error);
        if (error || !body.is_object()) {
            return make_error(ErrorCode::bad_request, "The body is not a JSON object.");
        }
        for (const auto& [name, value] : body.get_object()) {
            if (value.is_string()) fields->emplace_back(name, value.get_string().c_str());
            if (value.is_int64()) fields->emplace_back(name, std::to_string(value.get_int64()));
        }
    }
    CallbackAnswer answer;
    answer.status = 204;
    if (auto receipt = read_receipt(*fields)) {
        receipt->message_id = parse_message_id(callback.query_value(message_key)).value_or(0);
        answer.replay_key = receipt->provider_message_id + ":" + receipt->code;
        answer.receipts.push_back(std::move(*receipt));
    }
    return answer;
}

std::optional<OutboundRequest> TwilioProtocol::test_request(const kit::SendContext&) {
    return call("GET", ".json");
}

AccountTest TwilioProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from " + settings_.endpoint + ": " + reply.detail;
        return test;
    }
    boost::system::error_code error;
    const json::value body = json::parse(reply.body, error);
    const json::value* status = error ? nullptr : body.find_pointer("/status", error);
    if (reply.status == 200 && status != nullptr && status->is_string()) {
        test.ok = status->get_string() == "active";
        test.detail = "The account is " + std::string(status->get_string().c_str()) + ".";
        return test;
    }
    const Outcome outcome = judge_answer(reply, 1);
    test.detail = "The account was answered " + outcome.code + ": " + outcome.detail;
    return test;
}

}  // namespace hongyan::twilio
