#include "channel/fcm/protocol.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "channel/fcm/errors.hpp"
#include "channel/fcm/message.hpp"
#include "kit/described.hpp"

namespace hongyan::fcm {
namespace {

constexpr std::string_view scope = "https://www.googleapis.com/auth/firebase.messaging";

class Protocol final : public kit::HttpProtocol {
  public:
    Protocol(Settings settings, ServiceAccount account, SigningKey key, const Clock& clock)
        : settings_(std::move(settings)),
          account_(std::move(account)),
          key_(std::move(key)),
          clock_(clock) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> token_request(std::int64_t now_ms) override;
    Result<kit::Token> read_token(const OutboundReply& reply) override;
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] OutboundRequest post(std::string url) const;
    [[nodiscard]] OutboundRequest send_request(const std::string& token) const;
    [[nodiscard]] std::int64_t life_of(const Message& message, const Options& options,
                                       std::int64_t now_ms) const;

    const Settings settings_;
    const ServiceAccount account_;
    const SigningKey key_;
    const Clock& clock_;
};

OutboundRequest Protocol::post(std::string url) const {
    OutboundRequest request;
    request.url = std::move(url);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

OutboundRequest Protocol::send_request(const std::string& token) const {
    const std::string& project =
        settings_.project_id.empty() ? account_.project_id : settings_.project_id;
    OutboundRequest request =
        post(settings_.base_url + "/v1/projects/" + percent_encoded(project) + "/messages:send");
    request.headers = {{"authorization", "Bearer " + token},
                       {"content-type", "application/json; charset=utf-8"}};
    return request;
}

std::int64_t Protocol::life_of(const Message& message, const Options& options,
                               std::int64_t now_ms) const {
    std::int64_t life = options.time_to_live_seconds.value_or(
        settings_.time_to_live_seconds > 0 ? settings_.time_to_live_seconds : -1);
    if (message.deliver_by_ms > 0) {
        const auto left = std::max<std::int64_t>(0, (message.deliver_by_ms - now_ms) / 1000);
        life = life < 0 ? std::min<std::int64_t>(left, 2'419'200) : std::min(life, left);
    }
    return life;
}

Result<OutboundRequest> Protocol::request(const Message& message, const kit::SendContext& context) {
    const auto token = registration_token(message.recipient);
    if (!token) return make_error(ErrorCode::recipient_invalid, "no registration token of FCM");
    auto options =
        kit::read_described<Options>(kit::options_section(message.options, "fcm"), "$.options.fcm");
    if (!options) return std::move(options.error());
    const std::string tag = settings_.collapse_by_message ? kit::message_token(message) : "";
    const Draft draft{.registration_token = *token,
                      .title = message.subject,
                      .body = message.content,
                      .message_token = tag,
                      .time_to_live_seconds = life_of(message, *options, context.now_ms),
                      .now_seconds = context.now_ms / 1000};
    auto body = make_body(draft, *options, static_cast<std::size_t>(settings_.max_payload_bytes));
    if (!body) return std::move(body.error());
    OutboundRequest request = send_request(context.token);
    request.body = std::move(*body);
    return request;
}

Outcome Protocol::judge(const Message&, const OutboundReply& reply) {
    Outcome outcome;
    if (reply.status == 200) {
        boost::system::error_code failed;
        const auto value = boost::json::parse(boost::json::string_view(reply.body), failed);
        const auto* name =
            !failed && value.is_object() ? value.get_object().if_contains("name") : nullptr;
        if (name != nullptr && name->is_string()) {
            outcome.provider_message_id = name->get_string().subview(0, 300);
            return outcome;
        }
        // Taken or not: whoever answers so is not FCM, or cut its answer short.
        outcome.kind = OutcomeClass::unknown;
        outcome.code = "200";
        outcome.detail = "FCM answered 200 without a name";
        return outcome;
    }
    const Refusal refusal = read_refusal(reply.body);
    outcome.kind = class_of(reply.status, refusal);
    outcome.code = std::to_string(reply.status) + (refusal.code.empty() ? "" : " " + refusal.code);
    outcome.detail = refusal.message.empty() ? "FCM answered " + outcome.code : refusal.message;
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), clock_.now_ms());
    if (outcome.kind == OutcomeClass::rate_limited && outcome.retry_after_ms == 0)
        outcome.retry_after_ms = settings_.quota_pause_seconds * 1000;
    // SENDER_ID_MISMATCH and a bad token are no reason to forget an address: a wrong project would
    // get them for every token.
    if (refusal.is_fcm && refusal.code == "UNREGISTERED") outcome.suppress = "FCM: UNREGISTERED";
    return outcome;
}

std::optional<OutboundRequest> Protocol::token_request(std::int64_t now_ms) {
    const std::int64_t issued = now_ms / 1000 - 10;  // clocks differ a little
    const std::string& url = settings_.token_url.empty() ? account_.token_uri : settings_.token_url;
    // The audience is what the key file says: the address may be a way round.
    const std::string claims =
        "{\"iss\":" + json_quoted(account_.client_email) + ",\"scope\":" + json_quoted(scope) +
        ",\"aud\":" + json_quoted(account_.token_uri) + ",\"iat\":" + std::to_string(issued) +
        ",\"exp\":" + std::to_string(issued + 3600) + "}";
    const std::string header = account_.private_key_id.empty()
                                   ? "{}"
                                   : "{\"kid\":" + json_quoted(account_.private_key_id) + "}";
    OutboundRequest request = post(url);
    request.headers = {{"content-type", "application/x-www-form-urlencoded"}};
    request.body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
                   make_jwt(key_, header, claims);
    return request;
}

Result<kit::Token> Protocol::read_token(const OutboundReply& reply) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(boost::json::string_view(reply.body), failed);
    const auto* object = failed ? nullptr : value.if_object();
    if (reply.status == 200 && object != nullptr) {
        const auto* token = object->if_contains("access_token");
        const auto* life = object->if_contains("expires_in");
        if (token != nullptr && token->is_string() && !token->get_string().empty()) {
            const std::int64_t seconds = life && life->is_int64() ? life->get_int64() : 3600;
            return kit::Token{std::string(token->get_string()),
                              std::chrono::seconds(std::clamp<std::int64_t>(seconds, 10, 86'400))};
        }
    }
    std::string word;
    if (object != nullptr) {
        if (const auto* error = object->if_contains("error"); error && error->is_string())
            word = std::string_view(error->get_string()).substr(0, 60);
    }
    // invalid_grant: wrong or revoked key, or a clock that is far off; no repeat would help.
    const bool refused =
        reply.status >= 400 && reply.status < 500 && reply.status != 429 && reply.status != 408;
    return make_error(refused ? ErrorCode::config_invalid : ErrorCode::outbound_failed,
                      "the token server answered " + std::to_string(reply.status) +
                          (word.empty() ? "" : " " + word));
}

std::optional<OutboundRequest> Protocol::test_request(const kit::SendContext& context) {
    // validate_only sends nothing, and the token is nobody's: FCM refuses it only after it took
    // the credentials.
    OutboundRequest request = send_request(context.token);
    request.body = R"({"validate_only":true,"message":{"token":"account-test"}})";
    return request;
}

AccountTest Protocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    if (reply.end != CallEnd::answered) {
        test.detail = "FCM did not answer: " + reply.detail;
        return test;
    }
    const Refusal refusal = read_refusal(reply.body);
    test.ok =
        reply.status == 200 || refusal.code == "INVALID_ARGUMENT" || refusal.code == "UNREGISTERED";
    test.detail = test.ok ? "FCM accepted the service account and the project"
                          : "FCM answered " + std::to_string(reply.status) + " " + refusal.code +
                                " " + refusal.message;
    return test;
}

}  // namespace

Result<std::unique_ptr<kit::HttpProtocol>> make_protocol(Settings settings, const Clock& clock) {
    auto account = read_service_account(settings.service_account);
    if (!account) return std::move(account.error());
    auto key = SigningKey::from_pem(account->private_key);
    if (!key) return std::move(key.error());
    if (settings.project_id.empty() && account->project_id.empty()) {
        return make_error(ErrorCode::config_invalid,
                          "name the project: project_id stands neither in the settings nor in the "
                          "key file");
    }
    return std::unique_ptr<kit::HttpProtocol>(std::make_unique<Protocol>(
        std::move(settings), std::move(*account), std::move(*key), clock));
}

}  // namespace hongyan::fcm
