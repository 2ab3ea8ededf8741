#include "channel/getui/protocol.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/getui/receipts.hpp"
#include "kit/described.hpp"

namespace hongyan::getui {
namespace {

/// The envelope of every answer of Getui.
struct Answer {
    bool valid = false;
    std::int64_t code = -1;
    std::string message;
    boost::json::object data;
};

std::string text_of(const boost::json::value* value, std::size_t most) {
    if (value == nullptr) return {};
    if (value->is_string())
        return std::string(std::string_view(value->get_string()).substr(0, most));
    if (value->is_int64()) return std::to_string(value->get_int64());
    return {};
}

Answer read_answer(std::string_view body) {
    Answer answer;
    boost::system::error_code failed;
    auto value = boost::json::parse(boost::json::string_view(body), failed);
    auto* object = failed ? nullptr : value.if_object();
    if (object == nullptr) return answer;
    const auto* code = object->if_contains("code");
    if (code == nullptr || !code->is_int64()) return answer;
    answer.valid = true;
    answer.code = code->get_int64();
    answer.message = text_of(object->if_contains("msg"), 300);
    if (auto* data = object->if_contains("data"); data != nullptr && data->is_object())
        answer.data = std::move(data->get_object());
    return answer;
}

class Protocol final : public kit::HttpProtocol {
  public:
    Protocol(Settings settings, const Clock& clock)
        : settings_(std::move(settings)), clock_(clock) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> token_request(std::int64_t now_ms) override;
    Result<kit::Token> read_token(const OutboundReply& reply) override;
    Result<CallbackAnswer> callback(const Callback& callback, std::int64_t now_ms) override;

  private:
    [[nodiscard]] OutboundRequest post(std::string_view path) const;
    [[nodiscard]] static Outcome judge_task(const Answer& answer);

    const Settings settings_;
    const Clock& clock_;
};

OutboundRequest Protocol::post(std::string_view path) const {
    OutboundRequest request;
    request.url = settings_.base_url + "/" + percent_encoded(settings_.app_id) + std::string(path);
    request.headers = {{"content-type", "application/json;charset=utf-8"}};
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> Protocol::request(const Message& message, const kit::SendContext& context) {
    const auto cid = client_id(message.recipient);
    if (!cid) return make_error(ErrorCode::recipient_invalid, "no client id of Getui");
    auto options = kit::read_described<Options>(kit::options_section(message.options, "getui"),
                                                "$.options.getui");
    if (!options) return std::move(options.error());
    std::string request_id = kit::message_token(message);
    std::erase(request_id, '-');  // 10 to 32 characters
    auto life = options->time_to_live_ms.value_or(settings_.time_to_live_ms);
    if (message.deliver_by_ms > 0 && life > 0) {
        const auto left = message.deliver_by_ms - context.now_ms;
        life = left > 0 ? std::min(life, left) : -1;
    }
    const Draft draft{request_id, *cid, message.subject, message.content, life};
    auto body = make_body(draft, *options, static_cast<std::size_t>(settings_.max_body_bytes));
    if (!body) return std::move(body.error());
    OutboundRequest request = post("/push/single/cid");
    request.headers.emplace_back("token", context.token);
    request.body = std::move(*body);
    return request;
}

/// data is {"TASKID":{"CID":"successed_online"}}.
Outcome Protocol::judge_task(const Answer& answer) {
    Outcome outcome;
    if (answer.data.empty()) return outcome;
    const auto& [task, results] = *answer.data.begin();
    outcome.provider_message_id = std::string_view(task).substr(0, 200);
    if (!results.is_object() || results.get_object().empty()) return outcome;
    const std::string word = text_of(&results.get_object().begin()->value(), 60);
    // successed_ignore: taken, but a client long inactive may get nothing. A receipt will tell.
    if (word != "successed_online") outcome.detail = "Getui: " + word;
    return outcome;
}

Outcome Protocol::judge(const Message&, const OutboundReply& reply) {
    const Answer answer = read_answer(reply.body);
    if (reply.status == 200 && answer.valid && answer.code == 0) return judge_task(answer);
    Outcome outcome;
    if (reply.status == 200 && !answer.valid) {
        outcome.kind = OutcomeClass::unknown;  // taken or not: it is none of Getui's answers
        outcome.code = "200";
        outcome.detail = "Getui answered 200 without a code";
        return outcome;
    }
    outcome.kind = class_of(reply.status, answer.code, answer.message);
    outcome.code = std::to_string(answer.valid ? answer.code : reply.status);
    outcome.detail = answer.message.empty() ? "Getui answered " + outcome.code : answer.message;
    if (answer.code == 301) {
        outcome.detail = "this app lives at another address (" +
                         text_of(answer.data.if_contains("domain"), 200) + "): set base_url to it";
    }
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), clock_.now_ms());
    if (outcome.kind == OutcomeClass::rate_limited && outcome.retry_after_ms == 0)
        outcome.retry_after_ms = settings_.rate_pause_seconds * 1000;
    if (outcome.kind == OutcomeClass::recipient_permanent)
        outcome.suppress = "Getui: " + outcome.detail;
    return outcome;
}

std::optional<OutboundRequest> Protocol::token_request(std::int64_t now_ms) {
    OutboundRequest request = post("/auth");
    const std::string sign = auth_signature(settings_.app_key, now_ms, settings_.master_secret);
    request.body = "{\"sign\":\"" + sign + "\",\"timestamp\":" + std::to_string(now_ms) +
                   ",\"appkey\":" + json_quoted(settings_.app_key) + "}";
    return request;
}

Result<kit::Token> Protocol::read_token(const OutboundReply& reply) {
    const Answer answer = read_answer(reply.body);
    std::string token = text_of(answer.data.if_contains("token"), 1024);
    if (answer.valid && answer.code == 0 && !token.empty()) {
        const auto until = parse_int(text_of(answer.data.if_contains("expire_time"), 20));
        const std::int64_t life = until ? *until - clock_.now_ms() : 3'600'000;
        return kit::Token{std::move(token),
                          Millis(std::clamp<std::int64_t>(life, 60'000, 86'400'000))};
    }
    // Too often (10003, 10005) or busy passes; a refused signature or key does not.
    const bool busy = answer.code == 10003 || answer.code == 10005 || answer.code == 1 ||
                      answer.code == 2 || reply.status == 429 || reply.status >= 500;
    const bool refused = !busy && (answer.valid || reply.status != 200);
    return make_error(refused ? ErrorCode::config_invalid : ErrorCode::outbound_failed,
                      "Getui's authentication answered " + std::to_string(reply.status) + " " +
                          (answer.valid ? std::to_string(answer.code) : "") + " " + answer.message);
}

Result<CallbackAnswer> Protocol::callback(const Callback& callback, std::int64_t) {
    if (callback.method != "POST")
        return make_error(ErrorCode::bad_request, "receipts come by POST");
    return read_receipts(callback.body, settings_.app_id, settings_.master_secret);
}

}  // namespace

std::string auth_signature(std::string_view app_key, std::int64_t timestamp_ms,
                           std::string_view master_secret) {
    std::string text(app_key);
    text.append(std::to_string(timestamp_ms)).append(master_secret);
    return to_hex(sha256(text));
}

OutcomeClass class_of(int http_status, std::int64_t code, std::string_view message) {
    using enum OutcomeClass;
    if (code == 1 || code == 2) return transient;
    if (code == 301) return configuration;
    if (code == 10001) return token;
    if (code == 10002) return configuration;
    // 10005 comes with HTTP 401, and is no word about the token: a refresh would make it worse.
    if (code == 10003 || code == 10005) return rate_limited;
    if (code == 20001) {
        const bool target = message.find("target user is invalid") != message.npos;
        return target ? recipient_permanent : message_permanent;
    }
    if (code == 403 || http_status == 403) {
        const bool limit =
            message.find("limit") != message.npos || message.find("quota") != message.npos;
        return limit ? rate_limited : configuration;
    }
    // Codes that Getui has added since: 1xxxx are about the account, 2xxxx about the request.
    if (http_status == 429) return rate_limited;
    if (http_status == 408 || http_status >= 500) return transient;
    if (http_status == 401 || (code >= 10'000 && code < 20'000)) return configuration;
    if (http_status >= 300 && http_status < 400) return configuration;
    return message_permanent;
}

std::unique_ptr<kit::HttpProtocol> make_protocol(Settings settings, const Clock& clock) {
    return std::make_unique<Protocol>(std::move(settings), clock);
}

}  // namespace hongyan::getui
