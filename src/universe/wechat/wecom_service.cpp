#include "universe/wechat/wecom_service.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "universe/wechat/wecom_content.hpp"

namespace hongyan::universe::wechat {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "wecom";
constexpr std::string_view token_path = "/cgi-bin/gettoken";
constexpr std::string_view send_path = "/cgi-bin/message/send";
constexpr std::int64_t default_interval_s = 1'800;
constexpr std::int64_t longest_interval_s = 14'400;

std::int64_t number(const World& world, std::string_view setting) {
    return parse_int(world.setting(service_name, setting)).value_or(0);
}

ServiceReply with_hint(std::int64_t code, std::string_view message) {
    return refusal(code, std::string(message) + ", hint: [" + to_hex(random_bytes(10)) + "]");
}

/// Ids of a list with '|', those the application reaches and the others.
struct Sorted {
    std::string good;
    std::string bad;
};
Sorted sort_ids(std::string_view list, const std::string& unknown) {
    Sorted sorted;
    for (const std::string& id : split(list, '|')) {
        if (id.empty()) continue;
        std::string& side = is_listed(unknown, id) ? sorted.bad : sorted.good;
        side += (side.empty() ? "" : "|") + id;
    }
    return sorted;
}

}  // namespace

std::vector<ServiceSetting> WecomService::settings() const {
    return {{"corpid", "ww0000hongyan0000b", "The corporation's id."},
            {"corpsecret", "hongyan-wecom-secret", "The application's secret."},
            {"agentid", "1000002", "The application's number."},
            {"token_seconds", "7200", "Life of an access token."},
            {"unknown_users", "nobody", "User ids outside the application's range, with commas."},
            {"unknown_parties", "404", "Departments that are not there, with commas."},
            {"unknown_tags", "404", "Tags that are not there, with commas."},
            {"member_per_minute", "30",
             "Messages a member gets in a minute, more are dropped in silence; 0 = any number."},
            {"member_per_hour", "1000", "The same in an hour."},
            {"rate_per_minute", "10000", "Calls a minute; 0 = any number."}};
}

Service::SampleAccount WecomService::sample_account(const World& world) const {
    const auto value = [&](std::string_view key) { return world.setting(service_name, key); };
    return {"wecom", boost::json::serialize(object{{"corpid", value("corpid")},
                                                   {"corpsecret", value("corpsecret")},
                                                   {"agentid", number(world, "agentid")},
                                                   {"endpoint", world.base_url(service_name)}})};
}

bool WecomService::claims(const ServiceRequest& request) const {
    return request.path == token_path || request.path == send_path;
}

ServiceReply WecomService::handle(World& world, const ServiceRequest& request) {
    if (request.path == token_path) return give_token(world, request);
    if (request.path != send_path) return with_hint(48002, "API interface no authority");
    if (request.method != "POST") return with_hint(43002, "require POST method");
    return take(world, request);
}

ServiceReply WecomService::give_token(World& world, const ServiceRequest& request) {
    if (request.query_value("corpid") != world.setting(service_name, "corpid")) {
        return with_hint(40013, "invalid corpid");
    }
    if (request.query_value("corpsecret") != world.setting(service_name, "corpsecret")) {
        return with_hint(40001, "invalid credential");
    }
    const Granted granted =
        tokens_.stable(world.clock().now_ms(), number(world, "token_seconds"), false);
    return answer({{"errcode", 0},
                   {"errmsg", "ok"},
                   {"access_token", granted.token},
                   {"expires_in", granted.seconds}});
}

ServiceReply WecomService::take(World& world, const ServiceRequest& request) {
    const std::int64_t now_ms = world.clock().now_ms();
    const std::string token = request.query_value("access_token");
    if (token.empty()) return with_hint(41001, "access_token missing");
    const TokenState state = tokens_.check(token, now_ms);
    if (state == TokenState::expired) return with_hint(42001, "access_token expired");
    if (state == TokenState::unknown) return with_hint(40014, "invalid access_token");
    if (!throttle_.allow("minute", now_ms, 60'000, number(world, "rate_per_minute"))) {
        return with_hint(45009, "api freq out of limit");
    }
    const auto body = parse_object(request.body);
    if (!body) return with_hint(47001, "data format error");
    if (number_of(*body, "agentid") != number(world, "agentid")) {
        return with_hint(40056, "invalid agentid");
    }
    const WecomShown shown = show_wecom(*body, false);
    if (shown.code != 0) return with_hint(shown.code, shown.complaint);
    const Sorted users =
        sort_ids(text_of(*body, "touser"), world.setting(service_name, "unknown_users"));
    const Sorted parties =
        sort_ids(text_of(*body, "toparty"), world.setting(service_name, "unknown_parties"));
    const Sorted tags =
        sort_ids(text_of(*body, "totag"), world.setting(service_name, "unknown_tags"));
    std::string all = users.good;
    if (!parties.good.empty()) all += (all.empty() ? "" : "|") + ("party:" + parties.good);
    if (!tags.good.empty()) all += (all.empty() ? "" : "|") + ("tag:" + tags.good);
    if (all.empty()) return with_hint(81013, "user & party & tag all invalid");
    Memory::Found found{to_base64url(sha256(std::to_string(world.next_number()))), false};
    if (number_of(*body, "enable_duplicate_check") == 1) {
        const std::int64_t seconds =
            std::clamp(number_of(*body, "duplicate_check_interval").value_or(default_interval_s),
                       std::int64_t{1}, longest_interval_s);
        found = sent_.note(sha256(request.body), found.id, now_ms, seconds * 1000);
    }
    deliver(world, request, *body, all, found);
    return answer({{"errcode", 0},
                   {"errmsg", "ok"},
                   {"invaliduser", users.bad},
                   {"invalidparty", parties.bad},
                   {"invalidtag", tags.bad},
                   {"unlicenseduser", ""},
                   {"msgid", found.id}});
}

void WecomService::deliver(World& world, const ServiceRequest& request, const object& body,
                           const std::string& users, const Memory::Found& found) {
    const std::int64_t now_ms = world.clock().now_ms();
    const WecomShown shown = show_wecom(body, false);
    std::string reached;
    for (const std::string& user : split(users, '|')) {
        const bool allowed =
            found.repeat ||
            (throttle_.allow("m " + user, now_ms, 60'000, number(world, "member_per_minute")) &&
             throttle_.allow("h " + user, now_ms, 3'600'000, number(world, "member_per_hour")));
        if (allowed) reached += (reached.empty() ? "" : "|") + user;
    }
    if (reached.empty()) return;
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = reached;
    arrival.sender = world.setting(service_name, "agentid");
    arrival.subject = shown.title;
    arrival.content = shown.text;
    arrival.provider_message_id = found.id;
    arrival.detail = boost::json::serialize(object{{"msgtype", text_of(body, "msgtype")}});
    arrival.raw = request.body;
    arrival.duplicate = found.repeat;
    world.arrived(std::move(arrival));
}

std::optional<ServiceReply> WecomService::fault(World&, std::string_view kind,
                                                const ServiceRequest& request) {
    if (kind == "rate_limited") return with_hint(45009, "api freq out of limit");
    if (kind == "error_in_body") return with_hint(-1, "system busy");
    if (request.path == token_path) return std::nullopt;
    if (kind == "token_expired") return with_hint(42001, "access_token expired");
    if (kind == "quota") return with_hint(45033, "api concurrent out of limit");
    if (kind == "invalid_recipient") return with_hint(81013, "user & party & tag all invalid");
    return std::nullopt;
}

}  // namespace hongyan::universe::wechat
