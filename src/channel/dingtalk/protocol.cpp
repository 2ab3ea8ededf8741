#include "channel/dingtalk/protocol.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "kit/described.hpp"

namespace hongyan::dingtalk {
namespace {

using Kind = OutcomeClass;
using shape::field;

constexpr std::int64_t block_ms = 10 * 60'000;  // a robot that was too fast is deaf for so long

struct Answer {
    std::int64_t errcode = 0;
    std::string errmsg;
};

const shape::Object& describe(shape::Tag<Answer>) {
    static const shape::Object object =
        shape::object<Answer>("DingtalkAnswer", "An answer of DingTalk.",
                              field("errcode", &Answer::errcode, "0 is success.").required(),
                              field("errmsg", &Answer::errmsg, "What happened."))
            .open();
    return object;
}

std::string type_of(const Message& message, const Options& options) {
    if (!options.msg_type.empty()) return options.msg_type;
    if (!options.action_card.empty()) return "actionCard";
    if (!options.feed_card.empty()) return "feedCard";
    if (!options.message_url.empty()) return "link";
    return message.subject.empty() && options.title.empty() ? "text" : "markdown";
}

std::string list_json(const std::vector<std::string>& texts) {
    std::string json;
    for (const std::string& text : texts) json += (json.empty() ? "" : ",") + json_quoted(text);
    return "[" + json + "]";
}

std::string at_json(const Options& options) {
    if (options.at_mobiles.empty() && options.at_user_ids.empty() && !options.at_all) return "";
    return R"(,"at":{"atMobiles":)" + list_json(options.at_mobiles) + R"(,"atUserIds":)" +
           list_json(options.at_user_ids) + R"(,"isAtAll":)" + (options.at_all ? "true" : "false") +
           "}";
}

/// In markdown nobody is called whose number does not stand in the text.
std::string with_mentions(std::string text, const Options& options) {
    for (const auto* list : {&options.at_mobiles, &options.at_user_ids}) {
        for (const std::string& id : *list) {
            if (text.find("@" + id) == std::string::npos) text += " @" + id;
        }
    }
    return text;
}

/// 310000 is three different refusals; only its words tell them apart.
Kind class_of_security(const std::string& message) {
    const std::string words = to_lower(message);
    const auto has = [&](std::string_view word) { return words.find(word) != std::string::npos; };
    // A wrong clock shows as either; the account tries once more by the clock of the Date header.
    if (has("sign not match") || has("timestamp")) return Kind::token;
    if (has("keyword")) return Kind::message_permanent;
    return Kind::configuration;
}

Kind class_of(std::int64_t code, const std::string& message) {
    if (code == 0) return Kind::accepted;
    if (code == 310000) return class_of_security(message);
    if (code == 130101 || code == 90030 || code == 410100) return Kind::rate_limited;
    if (code == 300001 || code == 300005 || code == 400101 || code == 40014) {
        return Kind::configuration;
    }
    if (code == 40035 || (code >= 400'000 && code < 410'000)) return Kind::message_permanent;
    // -1 is "busy"; for other codes, too, the refusal says that nothing was sent, so another try is
    // safe; attempts are bounded, and a wrong "permanent" would lose messages.
    return Kind::transient;
}

Outcome judge_reply(const OutboundReply& reply) {
    const std::int64_t answered_ms = reply.started_ms + reply.duration_us / 1000;
    Outcome outcome;
    const auto answer = shape::read<Answer>(reply.body);
    if (!answer) {
        outcome.code = "HTTP " + std::to_string(reply.status);
        outcome.detail = "The answer holds no errcode.";
        outcome.kind = kit::class_of_status(reply.status);
        // It may have been sent: success and failure both come with 200.
        if (outcome.kind == Kind::accepted) outcome.kind = Kind::unknown;
        outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), answered_ms);
        return outcome;
    }
    outcome.code = std::to_string(answer->errcode);
    outcome.detail = answer->errmsg;
    outcome.kind = class_of(answer->errcode, answer->errmsg);
    if (outcome.kind == Kind::rate_limited) outcome.retry_after_ms = block_ms;
    return outcome;
}

}  // namespace

std::string sign(std::int64_t timestamp_ms, std::string_view secret) {
    const std::string text = std::to_string(timestamp_ms) + "\n" + std::string(secret);
    return to_base64(hmac_sha256(secret, text));
}

std::optional<std::string> read_robot_label(std::string_view recipient) {
    constexpr std::size_t longest_label = 254;
    if (recipient == "robot") return "";
    constexpr std::string_view prefix = "robot:";
    const auto label =
        recipient.starts_with(prefix) ? recipient.substr(prefix.size()) : std::string_view();
    const bool clean = std::all_of(label.begin(), label.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 127;
    });
    if (label.empty() || label.size() > longest_label || !clean) return std::nullopt;
    return std::string(label);
}

std::string body_of(const Message& message, const Options& options) {
    const std::string type = type_of(message, options);
    const std::string& title = options.title.empty() ? message.subject : options.title;
    std::string inside;
    if (type == "actionCard") {
        inside = options.action_card;
    } else if (type == "feedCard") {
        inside = options.feed_card;
    } else if (type == "link") {
        inside = R"({"title":)" + json_quoted(title) + R"(,"text":)" +
                 json_quoted(message.content) + R"(,"messageUrl":)" +
                 json_quoted(options.message_url) + R"(,"picUrl":)" + json_quoted(options.pic_url) +
                 "}";
    } else if (type == "markdown") {
        inside = R"({"title":)" + json_quoted(title) + R"(,"text":)" +
                 json_quoted(with_mentions(message.content, options)) + "}";
    } else {
        inside = R"({"content":)" + json_quoted(message.content) + "}";
    }
    return R"({"msgtype":)" + json_quoted(type) + "," + json_quoted(type) + ":" + inside +
           at_json(options) + "}";
}

OutboundRequest DingtalkProtocol::post(std::string body, std::int64_t now_ms) const {
    OutboundRequest request;
    std::string base = settings_.endpoint;
    while (base.ends_with('/')) base.pop_back();
    request.url = base + "/robot/send?access_token=" + percent_encoded(settings_.access_token);
    if (!settings_.secret.empty()) {
        request.url += "&timestamp=" + std::to_string(now_ms) +
                       "&sign=" + percent_encoded(sign(now_ms, settings_.secret));
    }
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = std::move(body);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> DingtalkProtocol::request(const Message& message,
                                                  const kit::SendContext& context) {
    const auto label = read_robot_label(message.recipient);
    if (!label) return make_error(ErrorCode::recipient_invalid, "The recipient is no robot.");
    if (!label->empty() && !settings_.label.empty() && *label != settings_.label) {
        return make_error(ErrorCode::recipient_invalid,
                          "This account is the robot of another group than the message is for.");
    }
    auto options = kit::read_described<Options>(kit::options_section(message.options, "dingtalk"),
                                                "$.options.dingtalk");
    if (!options) return options.error();
    std::string body = body_of(message, *options);
    if (body.size() > static_cast<std::size_t>(settings_.max_body_bytes)) {
        return make_error(ErrorCode::content_invalid,
                          "The request has " + std::to_string(body.size()) +
                              " bytes; the robot takes " +
                              std::to_string(settings_.max_body_bytes) + ".");
    }
    return post(std::move(body), context.now_ms);
}

Outcome DingtalkProtocol::judge(const Message&, const OutboundReply& reply) {
    return judge_reply(reply);
}

std::optional<OutboundRequest> DingtalkProtocol::test_request(const kit::SendContext& context) {
    return post("{}", context.now_ms);
}

AccountTest DingtalkProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from " + settings_.endpoint + ": " + reply.detail;
        return test;
    }
    const Outcome outcome = judge_reply(reply);
    // The complaint about the missing message comes from a robot that is there.
    test.ok = outcome.kind == Kind::message_permanent;
    test.detail = "An empty message was answered " + outcome.code + ": " + outcome.detail;
    return test;
}

}  // namespace hongyan::dingtalk
