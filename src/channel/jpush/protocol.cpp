#include "channel/jpush/protocol.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "channel/jpush/cid_pool.hpp"
#include "kit/described.hpp"

namespace hongyan::jpush {
namespace {

/// What stands in an answer, whichever of its forms it has.
struct Answer {
    std::string msg_id;  ///< text in newer answers, a number in older ones
    std::int64_t code = 0;
    std::string message;
    bool has_error = false;
};

Answer read_answer(std::string_view body) {
    Answer answer;
    boost::system::error_code failed;
    const auto value = boost::json::parse(boost::json::string_view(body), failed);
    const auto* object = failed ? nullptr : value.if_object();
    if (object == nullptr) return answer;
    if (const auto* id = object->if_contains("msg_id")) {
        if (id->is_string()) answer.msg_id = std::string_view(id->get_string()).substr(0, 64);
        if (id->is_int64()) answer.msg_id = std::to_string(id->get_int64());
        if (id->is_uint64()) answer.msg_id = std::to_string(id->get_uint64());
    }
    const auto* error = object->if_contains("error");
    if (error == nullptr || !error->is_object()) return answer;
    answer.has_error = true;
    const auto* code = error->get_object().if_contains("code");
    if (code != nullptr && code->is_int64()) answer.code = code->get_int64();
    const auto* message = error->get_object().if_contains("message");
    if (message != nullptr && message->is_string())
        answer.message = std::string_view(message->get_string()).substr(0, 300);
    return answer;
}

class Protocol final : public kit::HttpProtocol {
  public:
    Protocol(Settings settings, const Clock& clock)
        : settings_(std::move(settings)), clock_(clock) {}

    Result<OutboundRequest> request(const Message& message,
                                    const kit::SendContext& context) override;
    Outcome judge(const Message& message, const OutboundReply& reply) override;
    std::optional<OutboundRequest> test_request(const kit::SendContext& context) override;
    AccountTest judge_test(const OutboundReply& reply) override;

  private:
    [[nodiscard]] std::string cid_of(const Message& message) const;

    const Settings settings_;
    const Clock& clock_;
};

std::string Protocol::cid_of(const Message& message) const {
    if (settings_.cid == "message") return settings_.app_key + "-" + kit::message_token(message);
    if (settings_.cid == "pool") return message.provider_token;
    return "";
}

Result<OutboundRequest> Protocol::request(const Message& message, const kit::SendContext& context) {
    const auto id = registration_id(message.recipient);
    if (!id) return make_error(ErrorCode::recipient_invalid, "no registration id of JPush");
    auto options = kit::read_described<Options>(kit::options_section(message.options, "jpush"),
                                                "$.options.jpush");
    if (!options) return std::move(options.error());
    auto life = options->time_to_live_seconds.value_or(settings_.time_to_live_seconds);
    if (message.deliver_by_ms > 0) {
        life = std::clamp<std::int64_t>((message.deliver_by_ms - context.now_ms) / 1000, 0, life);
    }
    const std::string cid = cid_of(message);
    const Draft draft{*id, message.subject, message.content, cid, life};
    auto body = make_body(draft, *options, settings_);
    if (!body) return std::move(body.error());
    OutboundRequest request = cid_request(settings_, 1);
    request.method = "POST";
    request.url = settings_.base_url + "/v3/push";
    request.headers = {{"content-type", "application/json"}};
    request.body = std::move(*body);
    return request;
}

Outcome Protocol::judge(const Message&, const OutboundReply& reply) {
    const Answer answer = read_answer(reply.body);
    Outcome outcome;
    if (reply.status == 200 && !answer.has_error) {
        outcome.provider_message_id = answer.msg_id;
        if (!answer.msg_id.empty()) return outcome;
        outcome.kind = OutcomeClass::unknown;
        outcome.code = "200";
        outcome.detail = "JPush answered 200 without a msg_id";
        return outcome;
    }
    outcome.kind = class_of(reply.status, answer.code);
    outcome.code = std::to_string(answer.code != 0 ? answer.code : reply.status);
    outcome.detail = answer.message.empty() ? "JPush answered " + outcome.code : answer.message;
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), clock_.now_ms());
    if (outcome.kind == OutcomeClass::rate_limited && outcome.retry_after_ms == 0) {
        const auto reset = parse_int(reply.header("x-rate-limit-reset"));
        const auto seconds =
            reset && *reset > 0 && *reset <= 3600 ? *reset : settings_.rate_pause_seconds;
        outcome.retry_after_ms = seconds * 1000;
    }
    if (answer.code == 1011 && settings_.suppress_no_target)
        outcome.suppress = "JPush: no such target (1011)";
    return outcome;
}

std::optional<OutboundRequest> Protocol::test_request(const kit::SendContext&) {
    return cid_request(settings_, 1);
}

AccountTest Protocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    if (reply.end != CallEnd::answered) {
        test.detail = "JPush did not answer: " + reply.detail;
        return test;
    }
    test.ok = reply.status == 200 && !read_cids(reply.body).empty();
    const Answer answer = read_answer(reply.body);
    test.detail = test.ok ? "JPush accepted AppKey and Master Secret"
                          : "JPush answered " + std::to_string(reply.status) + " " +
                                std::to_string(answer.code) + " " + answer.message;
    return test;
}

}  // namespace

OutcomeClass class_of(int http_status, std::int64_t code) {
    using enum OutcomeClass;
    switch (code) {
        case 1000:
            return transient;
        case 1001:
        case 1002:
        case 1003:
        case 1005:
        case 1009:
        case 1020:
            return message_permanent;
        case 1004:
        case 1008:
            return configuration;
        case 1011:
            return recipient_permanent;
        case 1012:
            return rate_limited;
        case 1030:
            return transient;
        case 2002:
            return rate_limited;
        case 2003:
        case 2004:
        case 2005:
        case 2006:
        case 2007:
            return configuration;
        default:
            break;
    }
    // Codes that JPush has added since: what the status says.
    if (http_status == 429) return rate_limited;
    if (http_status == 408 || http_status >= 500) return transient;
    if (http_status == 401 || http_status == 403 || (http_status >= 300 && http_status < 400))
        return configuration;
    return message_permanent;
}

OutboundRequest cid_request(const Settings& settings, std::int64_t count) {
    OutboundRequest request;
    request.method = "GET";
    request.url = settings.base_url + "/v3/push/cid?count=" + std::to_string(count) + "&type=push";
    request.user = settings.app_key;
    request.password = settings.master_secret;
    request.connect_timeout = Millis(settings.connect_timeout_ms);
    request.timeout = Millis(settings.timeout_ms);
    request.ca_file = settings.ca_file;
    return request;
}

std::unique_ptr<kit::HttpProtocol> make_protocol(Settings settings, const Clock& clock) {
    return std::make_unique<Protocol>(std::move(settings), clock);
}

}  // namespace hongyan::jpush
