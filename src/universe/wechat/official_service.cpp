#include "universe/wechat/official_service.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::universe::wechat {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "wechat";
constexpr std::string_view stable_path = "/cgi-bin/stable_token";
constexpr std::string_view legacy_path = "/cgi-bin/token";
constexpr std::string_view template_path = "/cgi-bin/message/template/send";
constexpr std::string_view subscribe_path = "/cgi-bin/message/subscribe/bizsend";
constexpr std::int64_t repeat_ms = 600'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t first_msgid = 3'500'000'000'000'000'000;  // beyond what a double holds

std::int64_t number(const World& world, std::string_view setting) {
    return parse_int(world.setting(service_name, setting)).value_or(0);
}

ServiceReply with_rid(std::int64_t code, std::string_view message) {
    return refusal(code, std::string(message) + " rid: " + to_hex(random_bytes(12)));
}

bool is_openid(std::string_view id) {
    return id.size() >= 16 && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '_' || c == '-';
           });
}

/// "thing1: Order\n..." or WeChat's complaint about a value.
struct Shown {
    std::string text;
    std::string complaint;
};
Shown show(const object& body) {
    Shown shown;
    const auto* data = object_of(body, "data");
    if (data == nullptr) {
        shown.complaint = "argument invalid! data is missing";
        return shown;
    }
    for (const auto& item : *data) {
        const auto* fields = item.value().if_object();
        const auto* value = fields == nullptr ? nullptr : fields->if_contains("value");
        const std::string name(item.key());
        if (value == nullptr || value->is_structured()) {
            shown.complaint = "argument invalid! data." + name + ".value is empty";
            return shown;
        }
        // These two were taken from all templates in 2023: dropped without a word.
        if (name == "first" || name == "remark") continue;
        const std::string text =
            value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
        shown.text += (shown.text.empty() ? "" : "\n") + name + ": " + text;
    }
    return shown;
}

std::optional<ServiceReply> refuse_recipient(const World& world, std::string_view openid,
                                             bool subscription) {
    const auto listed = [&](std::string_view setting) {
        return is_listed(world.setting(service_name, setting), openid);
    };
    if (!is_openid(openid) || openid.starts_with("oUnknown") || !listed("openids")) {
        return with_rid(40003, "invalid openid");
    }
    if (!subscription && listed("unfollowed")) return with_rid(43004, "require subscribe");
    if (listed("black_list")) return with_rid(43019, "the user is in the black list");
    if (subscription && listed("unsubscribed")) {
        return with_rid(43101, "user refuse to accept the msg");
    }
    return std::nullopt;
}

}  // namespace

std::vector<ServiceSetting> OfficialService::settings() const {
    return {
        {"appid", "wx0000hongyan0000a", "The account's AppID."},
        {"secret", "hongyan-wechat-secret", "The account's AppSecret."},
        {"token", "hongyantoken", "Token of the callback's settings."},
        {"encoding_aes_key", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
         "EncodingAESKey of the callback's settings; empty = events in clear."},
        {"callback_url", "", "Where events go; empty = nowhere."},
        {"event_format", "xml", "xml or json."},
        {"token_seconds", "7200", "Life of an access token."},
        {"templates", "*", "Template ids there are, with commas; * = all but invalid-template."},
        {"openids", "*",
         "Openids there are, with commas; * = all but those with oUnknown in "
         "front."},
        {"unfollowed", "oUnfollowed00000000000000000", "Who does not follow the account."},
        {"unsubscribed", "oRefused00000000000000000000", "Who refuses subscription messages."},
        {"black_list", "oBlackList000000000000000000", "Who is in the account's black list."},
        {"blocking", "oBlocking0000000000000000000", "For whom the event says user block."},
        {"daily_quota", "100000", "Calls a day; 0 = any number."},
        {"rate_per_minute", "0", "Messages a minute; 0 = any number."},
        {"subscribe_msgid", "off", "on: subscription messages are answered with a msgid."}};
}

Service::SampleAccount OfficialService::sample_account(const World& world) const {
    const auto value = [&](std::string_view key) { return world.setting(service_name, key); };
    object settings{{"appid", value("appid")},
                    {"secret", value("secret")},
                    {"endpoint", world.base_url(service_name)},
                    {"callback_token", value("token")}};
    if (!value("encoding_aes_key").empty()) {
        settings["encoding_aes_key"] = value("encoding_aes_key");
    }
    return {"wechat", boost::json::serialize(settings)};
}

bool OfficialService::claims(const ServiceRequest& request) const {
    return request.path == stable_path || request.path == legacy_path ||
           request.path == template_path || request.path == subscribe_path;
}

ServiceReply OfficialService::handle(World& world, const ServiceRequest& request) {
    const bool is_post = request.method == "POST";
    if (request.path == legacy_path) return give_legacy_token(world, request);
    if (!claims(request)) return with_rid(48001, "api unauthorized");
    if (!is_post) return with_rid(43002, "require POST method");
    if (request.path == stable_path) return give_stable_token(world, request);
    return take(world, request, request.path == subscribe_path);
}

ServiceReply OfficialService::give_stable_token(World& world, const ServiceRequest& request) {
    const auto body = parse_object(request.body);
    if (!body) return with_rid(47001, "data format error");
    if (text_of(*body, "grant_type") != "client_credential") {
        return with_rid(40002, "invalid grant_type");
    }
    if (text_of(*body, "appid") != world.setting(service_name, "appid")) {
        return with_rid(40013, "invalid appid");
    }
    if (text_of(*body, "secret") != world.setting(service_name, "secret")) {
        return with_rid(40125, "invalid appsecret");
    }
    const auto* force = body->if_contains("force_refresh");
    const bool forced = force != nullptr && force->is_bool() && force->get_bool();
    const Granted granted =
        tokens_.stable(world.clock().now_ms(), number(world, "token_seconds"), forced);
    if (granted.token.empty()) return with_rid(45011, "api minute-quota reach limit");
    return answer({{"access_token", granted.token}, {"expires_in", granted.seconds}});
}

ServiceReply OfficialService::give_legacy_token(World& world, const ServiceRequest& request) {
    if (request.query_value("grant_type") != "client_credential") {
        return with_rid(40002, "invalid grant_type");
    }
    if (request.query_value("appid") != world.setting(service_name, "appid")) {
        return with_rid(40013, "invalid appid");
    }
    if (request.query_value("secret") != world.setting(service_name, "secret")) {
        return with_rid(40001, "invalid credential, secret is wrong");
    }
    const Granted granted = tokens_.legacy(world.clock().now_ms(), number(world, "token_seconds"));
    return answer({{"access_token", granted.token}, {"expires_in", granted.seconds}});
}

std::optional<ServiceReply> OfficialService::refuse_token(const World& world,
                                                          const ServiceRequest& request) {
    const std::string token = request.query_value("access_token");
    if (token.empty()) return with_rid(41001, "access_token missing");
    switch (tokens_.check(token, world.clock().now_ms())) {
        case TokenState::valid:
            return std::nullopt;
        case TokenState::expired:
            return with_rid(42001, "access_token expired");
        case TokenState::unknown:
            break;
    }
    return with_rid(40001, "invalid credential, access_token is invalid or not latest");
}

ServiceReply OfficialService::take(World& world, const ServiceRequest& request, bool subscription) {
    if (auto refused = refuse_token(world, request)) return *refused;
    const std::int64_t now_ms = world.clock().now_ms();
    if (!throttle_.allow("day", now_ms, day_ms, number(world, "daily_quota"))) {
        return with_rid(45009, "reach max api daily quota limit");
    }
    if (!throttle_.allow("minute", now_ms, 60'000, number(world, "rate_per_minute"))) {
        return with_rid(45011, "api minute-quota reach limit");
    }
    if (request.body.empty()) return with_rid(44002, "empty post data");
    const auto body = parse_object(request.body);
    if (!body) return with_rid(47001, "data format error");
    const std::string openid(text_of(*body, "touser"));
    if (auto refused = refuse_recipient(world, openid, subscription)) return *refused;
    const std::string template_id(text_of(*body, "template_id"));
    if (template_id.empty() || template_id == "invalid-template" ||
        !is_listed(world.setting(service_name, "templates"), template_id)) {
        return with_rid(40037, "invalid template_id");
    }
    const Shown shown = show(*body);
    if (!shown.complaint.empty()) return with_rid(47003, shown.complaint);
    const std::int64_t msgid =
        first_msgid + static_cast<std::int64_t>(world.next_number() % 1'000'000'000'000'000'000U);
    const std::string token(subscription ? "" : text_of(*body, "client_msg_id"));
    Memory::Found found{std::to_string(msgid), false};
    if (!token.empty()) {
        found = sent_.note(openid + " " + token, std::to_string(msgid), now_ms, repeat_ms);
    }
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = openid;
    arrival.sender = world.setting(service_name, "appid");
    arrival.subject = template_id;
    arrival.content = shown.text;
    arrival.provider_message_id = found.id;
    arrival.token = token;
    arrival.detail = boost::json::serialize(
        object{{"url", text_of(*body, "url")}, {"subscription", subscription}});
    arrival.raw = request.body;
    arrival.duplicate = found.repeat;
    world.arrived(std::move(arrival));
    const std::int64_t known = parse_int(found.id).value_or(msgid);
    if (!found.repeat) {
        const bool blocks = is_listed(world.setting(service_name, "blocking"), openid);
        send_event(world, {openid, known, template_id, blocks ? "user block" : "", subscription});
    }
    if (subscription && world.setting(service_name, "subscribe_msgid") != "on") {
        return refusal(0, "ok");
    }
    return answer({{"errcode", 0}, {"errmsg", "ok"}, {"msgid", known}});
}

std::optional<ServiceReply> OfficialService::fault(World&, std::string_view kind,
                                                   const ServiceRequest& request) {
    if (kind == "rate_limited") return with_rid(45011, "api minute-quota reach limit");
    if (kind == "error_in_body") return with_rid(-1, "system error");
    if (request.path == stable_path || request.path == legacy_path) return std::nullopt;
    if (kind == "token_expired") return with_rid(42001, "access_token expired");
    if (kind == "quota") return with_rid(43117, "too many messages to this openid");
    if (kind == "invalid_recipient") return with_rid(40003, "invalid openid");
    return std::nullopt;
}

}  // namespace hongyan::universe::wechat
