#include "universe/dingtalk/service.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <deque>
#include <map>

#include "base/crypto.hpp"
#include "base/guarded.hpp"
#include "base/text.hpp"

namespace hongyan::universe::dingtalk {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "dingtalk";
constexpr std::string_view send_path = "/robot/send";
constexpr std::int64_t clock_slack_ms = 3'600'000;

ServiceReply refusal(std::int64_t code, std::string_view message) {
    return {.content_type = "application/json",
            .body = boost::json::serialize(object{{"errcode", code}, {"errmsg", message}})};
}

ServiceReply too_fast() { return refusal(130101, "send too fast, exceed 20 times per minute"); }

std::string_view text_of(const object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

/// How far the robot is from 20 in this minute, and until when it is deaf.
class Pace {
  public:
    [[nodiscard]] bool allow(std::int64_t now_ms, std::int64_t most, std::int64_t block_ms) {
        if (most <= 0) return true;
        auto state = state_.lock();
        if (now_ms < state->deaf_until_ms) return false;
        auto& times = state->times;
        while (!times.empty() && times.front() <= now_ms - 60'000) times.pop_front();
        if (times.size() >= static_cast<std::size_t>(most)) {
            state->deaf_until_ms = now_ms + block_ms;
            return false;
        }
        times.push_back(now_ms);
        return true;
    }

  private:
    struct State {
        std::deque<std::int64_t> times;
        std::int64_t deaf_until_ms = 0;
    };
    Guarded<State> state_;
};

/// Title and text as the group would see them, or DingTalk's refusal.
struct Shown {
    std::string title;
    std::string text;
    std::optional<ServiceReply> refusal;
};

Shown complaint(std::string_view what) {
    return {"", "", refusal(40035, "不合法的参数: " + std::string(what))};
}

Shown show(const object& body) {
    const auto type = text_of(body, "msgtype");
    const auto* found = body.if_contains(type);
    const auto* inside = found == nullptr ? nullptr : found->if_object();
    if (type.empty() || inside == nullptr) return {"", "", refusal(40035, "缺少参数 json")};
    const std::string title(text_of(*inside, "title"));
    const std::string text(text_of(*inside, "text"));
    if (type == "text") {
        if (text_of(*inside, "content").empty()) return complaint("content");
        return {"", std::string(text_of(*inside, "content")), std::nullopt};
    }
    if (type == "feedCard") {
        const auto* links = inside->if_contains("links");
        if (links == nullptr || !links->is_array()) return complaint("links");
        return {"", boost::json::serialize(*links), std::nullopt};
    }
    if (type != "markdown" && type != "link" && type != "actionCard") {
        return {"", "", refusal(400105, "unsupported msgtype")};
    }
    if (title.empty()) return complaint("title");
    if (text.empty()) return complaint("text");
    if (type != "link") return {title, text, std::nullopt};
    if (text_of(*inside, "messageUrl").empty()) return complaint("messageUrl");
    return {title, text + "\n" + std::string(text_of(*inside, "messageUrl")), std::nullopt};
}

class Dingtalk final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return service_name; }
    [[nodiscard]] std::string_view title() const override { return "DingTalk robot / 钉钉机器人"; }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::dingtalk; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override {
        return request.path == send_path;
    }
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    Pace pace_;
};

std::vector<ServiceSetting> Dingtalk::settings() const {
    return {{"access_token", "hongyan-dingtalk-token", "The access_token in the robot's address."},
            {"secret", "SEC000000000000000000000hongyan", "Key of the signature; empty = none."},
            {"keyword", "", "A word that every message must hold; empty = none."},
            {"rate_per_minute", "20", "Messages it takes in a minute; 0 = any number."},
            {"block_seconds", "600", "How long it is deaf after too many."}};
}

Service::SampleAccount Dingtalk::sample_account(const World& world) const {
    const auto value = [&](std::string_view key) { return world.setting(service_name, key); };
    return {"dingtalk", boost::json::serialize(object{{"access_token", value("access_token")},
                                                      {"secret", value("secret")},
                                                      {"endpoint", world.base_url(service_name)}})};
}

/// Empty, or what DingTalk complains of: it names the trouble in words only.
std::string check_sign(const ServiceRequest& request, const std::string& secret,
                       std::int64_t now_ms) {
    if (secret.empty()) return "";
    const std::string stamp = request.query_value("timestamp");
    const auto at = parse_int(stamp);
    if (!at || *at < now_ms - clock_slack_ms || *at > now_ms + clock_slack_ms) {
        return "invalid timestamp";
    }
    const std::string expected = to_base64(hmac_sha256(secret, stamp + '\n' + secret));
    const bool fits = equal_in_constant_time(expected, request.query_value("sign"));
    return fits ? "" : "sign not match";
}

ServiceReply Dingtalk::handle(World& world, const ServiceRequest& request) {
    const auto setting = [&](std::string_view key) { return world.setting(service_name, key); };
    if (!claims(request)) return refusal(404, "请求的URI地址不存在");
    if (request.query_value("access_token") != setting("access_token")) {
        return refusal(300001, "token is not exist");
    }
    const std::int64_t now_ms = world.clock().now_ms();
    const std::string trouble = check_sign(request, setting("secret"), now_ms);
    if (!trouble.empty()) {
        return refusal(310000,
                       "description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳"
                       "必须都放在调用的网址中;more:" +
                           trouble);
    }
    if (request.header("content-type").find("application/json") == std::string_view::npos) {
        return refusal(43004, "无效的HTTP HEADER Content-Type");
    }
    boost::system::error_code failed;
    const auto body = boost::json::parse(request.body, failed);
    if (failed || !body.is_object()) return refusal(40035, "缺少参数 json");
    const Shown shown = show(body.get_object());
    if (shown.refusal) return *shown.refusal;
    const std::string keyword = setting("keyword");
    if ((shown.title + "\n" + shown.text).find(keyword) == std::string::npos) {
        return refusal(310000, "description:关键词不匹配;more:keywords not in content");
    }
    const auto most = parse_int(setting("rate_per_minute")).value_or(0);
    const auto block = parse_int(setting("block_seconds")).value_or(0);
    if (!pace_.allow(now_ms, most, block * 1000)) return too_fast();
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = "robot";
    arrival.sender = "robot";
    arrival.subject = shown.title;
    arrival.content = shown.text;
    object detail{{"msgtype", text_of(body.get_object(), "msgtype")}};
    if (const auto* at = body.get_object().if_contains("at")) detail["at"] = *at;
    arrival.detail = boost::json::serialize(detail);
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
    return refusal(0, "ok");
}

std::optional<ServiceReply> Dingtalk::fault(World&, std::string_view kind, const ServiceRequest&) {
    if (kind == "rate_limited" || kind == "quota") return too_fast();
    if (kind == "error_in_body") return refusal(-1, "系统繁忙");
    if (kind == "token_expired" || kind == "invalid_recipient") {
        return refusal(300001, "token is not exist");
    }
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<Dingtalk>()); }

}  // namespace hongyan::universe::dingtalk
