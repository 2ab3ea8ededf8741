#include "channel/wechat/wecom_robot_protocol.hpp"

#include "channel/wechat/address.hpp"
#include "channel/wechat/outcome.hpp"
#include "channel/wechat/wecom_body.hpp"
#include "kit/described.hpp"

namespace hongyan::wechat {

OutboundRequest WecomRobotProtocol::post(std::string body) const {
    OutboundRequest request;
    request.url = settings_.webhook_url;
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = std::move(body);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> WecomRobotProtocol::request(const Message& message,
                                                    const kit::SendContext&) {
    const auto label = read_robot_label(message.recipient);
    if (!label) return make_error(ErrorCode::recipient_invalid, "The recipient is no robot.");
    if (!label->empty() && !settings_.label.empty() && *label != settings_.label) {
        return make_error(ErrorCode::recipient_invalid,
                          "This account is the robot of another group than the message is for.");
    }
    auto options = kit::read_described<WecomRobotOptions>(
        kit::options_section(message.options, "wecom_robot"), "$.options.wecom_robot");
    if (!options) return options.error();
    auto body = wecom_robot_body(message, *options, settings_);
    if (!body) return body.error();
    return post(std::move(*body));
}

Outcome WecomRobotProtocol::judge(const Message&, const OutboundReply& reply) {
    return judge_wecom_robot(reply);
}

std::optional<OutboundRequest> WecomRobotProtocol::test_request(const kit::SendContext&) {
    return post("{}");
}

AccountTest WecomRobotProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from the robot's address: " + reply.detail;
        return test;
    }
    const Outcome outcome = judge_wecom_robot(reply);
    // The complaint about the missing message comes from a robot that is there.
    test.ok = outcome.kind == OutcomeClass::message_permanent;
    test.detail = "An empty message was answered " + outcome.code + ": " + outcome.detail;
    return test;
}

}  // namespace hongyan::wechat
