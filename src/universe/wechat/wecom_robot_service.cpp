#include "universe/wechat/wecom_robot_service.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "universe/wechat/wecom_content.hpp"

namespace hongyan::universe::wechat {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "wecom_robot";
constexpr std::string_view send_path = "/cgi-bin/webhook/send";

ServiceReply too_many() { return refusal(45009, "api freq out of limit"); }
ServiceReply no_robot() { return refusal(93000, "invalid webhook url"); }

}  // namespace

std::vector<ServiceSetting> WecomRobotService::settings() const {
    return {{"keys", "hongyan-wecom-robot", "Keys of the robots there are, with commas."},
            {"rate_per_minute", "20", "Messages a robot takes in a minute; 0 = any number."}};
}

Service::SampleAccount WecomRobotService::sample_account(const World& world) const {
    const auto keys = split(world.setting(service_name, "keys"), ',');
    const std::string url =
        world.base_url(service_name) + std::string(send_path) + "?key=" + keys.front();
    return {"wecom_robot", boost::json::serialize(object{{"webhook_url", url}})};
}

bool WecomRobotService::claims(const ServiceRequest& request) const {
    return request.path == send_path;
}

ServiceReply WecomRobotService::handle(World& world, const ServiceRequest& request) {
    if (!claims(request)) return no_robot();
    const std::string key = request.query_value("key");
    if (!is_listed(world.setting(service_name, "keys"), key)) return no_robot();
    const auto body = parse_object(request.body);
    if (!body) return refusal(40008, "invalid message type");
    const WecomShown shown = show_wecom(*body, true);
    if (shown.code != 0) return refusal(shown.code, shown.complaint);
    const auto most = parse_int(world.setting(service_name, "rate_per_minute")).value_or(0);
    if (!throttle_.allow(key, world.clock().now_ms(), 60'000, most)) return too_many();
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = key;
    arrival.sender = "robot";
    arrival.subject = shown.title;
    arrival.content = shown.text;
    arrival.detail = boost::json::serialize(object{{"msgtype", text_of(*body, "msgtype")}});
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
    return refusal(0, "ok");
}

std::optional<ServiceReply> WecomRobotService::fault(World&, std::string_view kind,
                                                     const ServiceRequest&) {
    if (kind == "rate_limited" || kind == "quota") return too_many();
    if (kind == "error_in_body") return refusal(-1, "system busy");
    if (kind == "invalid_recipient" || kind == "token_expired") return no_robot();
    return std::nullopt;
}

}  // namespace hongyan::universe::wechat
