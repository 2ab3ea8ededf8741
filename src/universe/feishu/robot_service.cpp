#include "universe/feishu/robot_service.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "universe/feishu/content.hpp"

namespace hongyan::universe::feishu {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "feishu_robot";
constexpr std::string_view hook_path = "/open-apis/bot/v2/hook/";
constexpr std::int64_t clock_slack_s = 3'600;

ServiceReply refusal(std::int64_t code, std::string_view message) {
    return {.body = boost::json::serialize(
                object{{"code", code}, {"msg", message}, {"data", object{}}})};
}

std::int64_t number(const World& world, std::string_view setting) {
    return parse_int(world.setting(service_name, setting)).value_or(0);
}

bool is_listed(const std::string& list, std::string_view word) {
    const auto words = split(list, ',');
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& each) { return trim(each) == word; });
}

/// Feishu's rule: the key is the time stamp and the secret, and nothing is signed with it.
bool sign_fits(const object& body, const std::string& secret, std::int64_t now_s) {
    const auto* stamp = body.if_contains("timestamp");
    std::string seconds(text_of(body, "timestamp"));
    if (stamp != nullptr && stamp->is_int64()) seconds = std::to_string(stamp->get_int64());
    const auto at = parse_int(seconds);
    if (!at || *at < now_s - clock_slack_s || *at > now_s + clock_slack_s) return false;
    const std::string expected = to_base64(hmac_sha256(seconds + '\n' + secret, {}));
    return equal_in_constant_time(expected, text_of(body, "sign"));
}

/// The content of a robot's message in the form of the application's API.
std::optional<object> content_of(const object& body, std::string_view type) {
    const auto* content = object_of(body, type == "interactive" ? "card" : "content");
    if (content == nullptr) return std::nullopt;
    if (type != "post") return *content;
    const auto* post = object_of(*content, "post");
    if (post == nullptr) return std::nullopt;
    return *post;
}

}  // namespace

std::vector<ServiceSetting> RobotService::settings() const {
    return {{"hook_ids", "hongyan-sandbox-robot", "Ids of the robots there are, with commas."},
            {"secret", "hongyan-robot-secret", "Key of the signature; empty = none asked for."},
            {"keyword", "", "A word that every message must hold; empty = none."},
            {"rate_per_second", "5", "Messages a robot takes in a second; 0 = any number."},
            {"rate_per_minute", "100", "Messages a robot takes in a minute; 0 = any number."},
            {"max_bytes", "20480", "Longest request."}};
}

Service::SampleAccount RobotService::sample_account(const World& world) const {
    const auto ids = split(world.setting(service_name, "hook_ids"), ',');
    const std::string url = world.base_url(service_name) + std::string(hook_path) + ids.front();
    return {"feishu_robot",
            boost::json::serialize(
                object{{"webhook_url", url}, {"secret", world.setting(service_name, "secret")}})};
}

bool RobotService::claims(const ServiceRequest& request) const {
    return request.path.starts_with(hook_path);
}

ServiceReply RobotService::handle(World& world, const ServiceRequest& request) {
    if (!claims(request)) return {404, "text/plain", {}, "404 page not found"};
    if (request.method != "POST") return {405, "text/plain", {}, "405 method not allowed"};
    const std::string id = request.path.substr(hook_path.size());
    const std::int64_t now_ms = world.clock().now_ms();
    if (!is_listed(world.setting(service_name, "hook_ids"), id)) {
        return refusal(19001, "param invalid: incoming webhook access token invalid");
    }
    if (request.body.size() > static_cast<std::size_t>(number(world, "max_bytes"))) {
        return refusal(19036, "request body is too large");
    }
    const auto body = parse_object(request.body);
    if (!body) return refusal(9499, "Bad Request");
    const std::string secret = world.setting(service_name, "secret");
    if (!secret.empty() && !sign_fits(*body, secret, now_ms / 1000)) {
        return refusal(19021,
                       "sign match fail or timestamp is not within one hour from current time");
    }
    const auto type = text_of(*body, "msg_type");
    if (type.empty()) return refusal(19002, "params error, msg_type need");
    const auto content = content_of(*body, type);
    const auto shown = content ? show(type, *content) : std::nullopt;
    if (!shown || !is_known_type(type)) {
        return type == "interactive" ? refusal(11246, "card content is invalid")
                                     : refusal(9499, "Bad Request");
    }
    const std::string keyword = world.setting(service_name, "keyword");
    const bool has_word = (shown->title + "\n" + shown->text).find(keyword) != std::string::npos;
    if (!has_word) return refusal(19024, "Key Words Not Found");
    if (!throttle_.allow(id + "/s", now_ms, 1'000, number(world, "rate_per_second")) ||
        !throttle_.allow(id + "/m", now_ms, 60'000, number(world, "rate_per_minute"))) {
        return refusal(11232, "frequency limited psm[lark.oapi.app_platform_runtime]");
    }
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = id;
    arrival.sender = "robot";
    arrival.subject = shown->title;
    arrival.content = shown->text;
    arrival.detail = boost::json::serialize(object{{"msg_type", type}});
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
    return {.body =
                R"({"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"})"};
}

std::optional<ServiceReply> RobotService::fault(World&, std::string_view kind,
                                                const ServiceRequest&) {
    if (kind == "rate_limited" || kind == "quota") {
        return refusal(11232, "frequency limited psm[lark.oapi.app_platform_runtime]");
    }
    if (kind == "invalid_recipient") {
        return refusal(19001, "param invalid: incoming webhook access token invalid");
    }
    if (kind == "error_in_body") return refusal(2200, "Internal Error");
    if (kind == "token_expired") {
        return refusal(19021,
                       "sign match fail or timestamp is not within one hour from current time");
    }
    return std::nullopt;
}

}  // namespace hongyan::universe::feishu
