#include "channel/feishu/robot_protocol.hpp"

#include "channel/feishu/address.hpp"
#include "channel/feishu/compose.hpp"
#include "channel/feishu/outcome.hpp"
#include "kit/described.hpp"

namespace hongyan::feishu {

OutboundRequest RobotProtocol::post(std::string body) const {
    OutboundRequest request;
    request.url = settings_.webhook_url;
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = std::move(body);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> RobotProtocol::request(const Message& message,
                                               const kit::SendContext& context) {
    const auto label = read_robot_label(message.recipient);
    if (!label) return make_error(ErrorCode::recipient_invalid, "The recipient is no robot.");
    if (!label->empty() && !settings_.label.empty() && *label != settings_.label) {
        return make_error(ErrorCode::recipient_invalid,
                          "This account is the robot of another group than the message is for.");
    }
    auto options = kit::read_described<Options>(
        kit::options_section(message.options, "feishu_robot"), "$.options.feishu_robot");
    if (!options) return options.error();
    const std::string seconds = std::to_string(context.now_ms / 1000);
    const std::string sign = settings_.secret.empty() ? "" : robot_sign(seconds, settings_.secret);
    const Content content{message.subject, message.content, message.html};
    std::string body = robot_body(compose(content, *options), seconds, sign);
    if (body.size() > static_cast<std::size_t>(settings_.max_body_bytes)) {
        return make_error(ErrorCode::content_invalid,
                          "The request has " + std::to_string(body.size()) +
                              " bytes; the robot takes " +
                              std::to_string(settings_.max_body_bytes) + ".");
    }
    return post(std::move(body));
}

Outcome RobotProtocol::judge(const Message&, const OutboundReply& reply) {
    return judge_robot(reply);
}

std::optional<OutboundRequest> RobotProtocol::test_request(const kit::SendContext& context) {
    if (settings_.secret.empty()) return post("{}");
    const std::string seconds = std::to_string(context.now_ms / 1000);
    return post(R"({"timestamp":")" + seconds + R"(","sign":")" +
                robot_sign(seconds, settings_.secret) + R"("})");
}

AccountTest RobotProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from the robot's address: " + reply.detail;
        return test;
    }
    const Outcome outcome = judge_robot(reply);
    // The complaint about the missing message comes from a robot that is there.
    test.ok = outcome.kind == OutcomeClass::message_permanent;
    test.detail =
        "A request without a message was answered " + outcome.code + ": " + outcome.detail;
    return test;
}

}  // namespace hongyan::feishu
