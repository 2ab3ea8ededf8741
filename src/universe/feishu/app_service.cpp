#include "universe/feishu/app_service.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "universe/feishu/content.hpp"
#include "universe/feishu/events.hpp"

namespace hongyan::universe::feishu {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "feishu";
constexpr std::string_view token_path = "/open-apis/auth/v3/tenant_access_token/internal";
constexpr std::string_view message_path = "/open-apis/im/v1/messages";
constexpr std::int64_t uuid_window_ms = 3'600'000;
constexpr std::int64_t renewal_ms = 30 * 60'000;  // with less left, a call gives a new token
constexpr std::size_t most_kept = 100'000;

ServiceReply answer(int status, std::int64_t code, std::string_view message, object data = {}) {
    object body{{"code", code}, {"msg", message}};
    if (code == 0) {
        body["data"] = std::move(data);
    } else {
        body["error"] = object{{"log_id", to_hex(random_bytes(12))}};
    }
    return {.status = status,
            .content_type = "application/json; charset=utf-8",
            .headers = {{"X-Tt-Logid", to_hex(random_bytes(12))}},
            .body = boost::json::serialize(body)};
}

ServiceReply refusal(std::int64_t code, std::string_view message) {
    return answer(400, code, message);
}

ServiceReply rate_limit() {
    ServiceReply reply = answer(429, 99991400, "request trigger frequency limit");
    reply.headers.emplace_back("x-ogw-ratelimit-limit", "50");
    reply.headers.emplace_back("x-ogw-ratelimit-reset", "1");
    return reply;
}

std::int64_t number(const World& world, std::string_view setting) {
    return parse_int(world.setting(service_name, setting)).value_or(0);
}

bool is_listed(const std::string& list, std::string_view word) {
    const auto words = split(list, ',');
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& each) { return trim(each) == word; });
}

/// Feishu's refusal of an id that has not the form its type asks for, or that it does not know.
std::optional<ServiceReply> refuse_recipient(const World& world, std::string_view type,
                                             std::string_view id) {
    const auto begins = [&](std::string_view kind, std::string_view prefix) {
        return type != kind || id.starts_with(prefix);
    };
    if (id.empty())
        return refusal(230001,
                       "Your request contains an invalid request parameter, "
                       "ext=receive_id is required");
    const bool known_type = type == "open_id" || type == "union_id" || type == "chat_id" ||
                            type == "email" || type == "user_id";
    if (!known_type) return refusal(99992402, "field validation failed");
    if (is_listed(world.setting(service_name, "chats_without_bot"), id)) {
        return refusal(230002, "Bot/User can NOT be out of the chat.");
    }
    if (is_listed(world.setting(service_name, "outside_users"), id)) {
        return refusal(230013, "Bot has NO availability to this user.");
    }
    if (!begins("open_id", "ou_") || id.starts_with("ou_dead")) {
        return refusal(99992351, "The request you send is not a valid {open_id} or not exists");
    }
    if (!begins("union_id", "on_") || !begins("chat_id", "oc_") ||
        (type == "email" && id.find('@') == id.npos)) {
        return refusal(230001,
                       "Your request contains an invalid request parameter, "
                       "ext=invalid receive_id");
    }
    return std::nullopt;
}

/// What the message shows, or Feishu's refusal of its content.
struct Read {
    Shown shown;
    std::optional<ServiceReply> refusal;
};
Read read_content(const World& world, std::string_view type, std::string_view content) {
    if (!is_known_type(type)) {
        return {{},
                refusal(230001,
                        "Your request contains an invalid request parameter, "
                        "ext=invalid msg_type")};
    }
    const auto limit = number(world, type == "text" ? "max_text_bytes" : "max_card_bytes");
    if (content.size() > static_cast<std::size_t>(limit)) {
        return {{}, refusal(230025, "The length of the message content reaches its limit.")};
    }
    const auto parsed = parse_object(content);
    auto shown = parsed ? show(type, *parsed) : std::nullopt;
    if (!shown) {
        return {{},
                refusal(230001,
                        "Your request contains an invalid request parameter, "
                        "ext=content is not a string in json format")};
    }
    return {std::move(*shown), std::nullopt};
}

object message_data(const World& world, const object& body, const std::string& message_id) {
    const std::string now = std::to_string(world.clock().now_ms());
    return {{"message_id", message_id},
            {"msg_type", text_of(body, "msg_type")},
            {"create_time", now},
            {"update_time", now},
            {"deleted", false},
            {"updated", false},
            {"chat_id", "oc_" + to_hex(sha256(text_of(body, "receive_id"))).substr(0, 32)},
            {"sender", object{{"id", world.setting(service_name, "app_id")},
                              {"id_type", "app_id"},
                              {"sender_type", "app"},
                              {"tenant_key", "sandbox"}}},
            {"body", object{{"content", text_of(body, "content")}}}};
}

}  // namespace

std::vector<ServiceSetting> AppService::settings() const {
    return {{"app_id", "cli_hongyan_sandbox", "The application's id."},
            {"app_secret", "hongyan-app-secret", "The application's secret."},
            {"token_seconds", "7200", "Life of a tenant access token."},
            {"verification_token", "hongyan-verification", "Verification Token of its events."},
            {"encrypt_key", "hongyan-encrypt-key", "Encrypt Key of its events; empty = in clear."},
            {"callback_url", "", "Where its events go; empty = nowhere."},
            {"read_events", "on", "on: every message to a person is read, and an event says so."},
            {"chats_without_bot", "oc_without_bot", "Chats the bot is not in, with commas."},
            {"outside_users", "ou_outside", "Users outside the bot's range, with commas."},
            {"rate_per_second", "50", "Messages the application may send in a second; 0 = any."},
            {"rate_per_minute", "1000", "Messages it may send in a minute; 0 = any."},
            {"rate_per_recipient", "5", "Messages to one user or chat in a second; 0 = any."},
            {"max_text_bytes", "153600", "Longest content of a text."},
            {"max_card_bytes", "30720", "Longest content of any other message."}};
}

Service::SampleAccount AppService::sample_account(const World& world) const {
    const auto value = [&](std::string_view key) { return world.setting(service_name, key); };
    return {"feishu",
            boost::json::serialize(object{{"app_id", value("app_id")},
                                          {"app_secret", value("app_secret")},
                                          {"endpoint", world.base_url(service_name)},
                                          {"verification_token", value("verification_token")},
                                          {"encrypt_key", value("encrypt_key")}})};
}

bool AppService::claims(const ServiceRequest& request) const {
    return request.path == token_path || request.path.starts_with(message_path);
}

ServiceReply AppService::handle(World& world, const ServiceRequest& request) {
    const bool is_post = request.method == "POST";
    if (request.path == token_path && is_post) return give_token(world, request);
    if (request.path == message_path && is_post) return take_message(world, request);
    return {404, "text/plain", {}, "404 page not found"};
}

ServiceReply AppService::give_token(World& world, const ServiceRequest& request) {
    const auto body = parse_object(request.body);
    if (!body) return refusal(10003, "invalid param");
    if (text_of(*body, "app_id") != world.setting(service_name, "app_id")) {
        return refusal(10003, "invalid param");
    }
    if (!equal_in_constant_time(text_of(*body, "app_secret"),
                                world.setting(service_name, "app_secret"))) {
        return refusal(10014, "app secret invalid");
    }
    const std::int64_t now_ms = world.clock().now_ms();
    const std::int64_t life_ms = std::max<std::int64_t>(1, number(world, "token_seconds")) * 1000;
    auto tokens = tokens_.lock();
    std::erase_if(tokens->ends_ms, [&](const auto& each) { return each.second <= now_ms; });
    const auto newest = tokens->ends_ms.find(tokens->newest);
    const std::int64_t left = newest == tokens->ends_ms.end() ? 0 : newest->second - now_ms;
    if (left <= std::min(renewal_ms, life_ms / 4)) {
        tokens->newest = "t-g1" + to_hex(random_bytes(20));
        tokens->ends_ms[tokens->newest] = now_ms + life_ms;
    }
    const std::int64_t seconds = (tokens->ends_ms[tokens->newest] - now_ms) / 1000;
    return {.content_type = "application/json; charset=utf-8",
            .body = boost::json::serialize(object{{"code", 0},
                                                  {"msg", "ok"},
                                                  {"tenant_access_token", tokens->newest},
                                                  {"expire", seconds}})};
}

std::optional<ServiceReply> AppService::refuse_token(const World& world,
                                                     const ServiceRequest& request) {
    constexpr std::string_view scheme = "Bearer ";
    const auto header = request.header("authorization");
    if (!header.starts_with(scheme)) {
        return refusal(99991661,
                       "Missing access token for authorization. Please make a request "
                       "with token attached.");
    }
    auto tokens = tokens_.lock();
    const auto found = tokens->ends_ms.find(header.substr(scheme.size()));
    if (found != tokens->ends_ms.end() && found->second > world.clock().now_ms()) {
        return std::nullopt;
    }
    return refusal(99991663,
                   "Invalid access token for authorization. Please make a test attempt "
                   "with the correct token.");
}

std::pair<std::string, bool> AppService::id_for(World& world, std::string_view uuid) {
    const std::int64_t now_ms = world.clock().now_ms();
    const std::string fresh =
        "om_" + to_hex(sha256(std::to_string(world.next_number()))).substr(0, 32);
    if (uuid.empty()) return {fresh, false};
    auto made = made_.lock();
    if (made->size() > most_kept) {
        std::erase_if(
            *made, [&](const auto& each) { return each.second.at_ms <= now_ms - uuid_window_ms; });
    }
    Made& entry = (*made)[std::string(uuid)];
    const bool repeat = !entry.message_id.empty() && entry.at_ms > now_ms - uuid_window_ms;
    if (!repeat) entry = {now_ms, fresh};
    return {entry.message_id, repeat};
}

ServiceReply AppService::take_message(World& world, const ServiceRequest& request) {
    if (auto refused = refuse_token(world, request)) return *refused;
    const std::int64_t now_ms = world.clock().now_ms();
    if (!throttle_.allow("app/s", now_ms, 1'000, number(world, "rate_per_second")) ||
        !throttle_.allow("app/m", now_ms, 60'000, number(world, "rate_per_minute"))) {
        return rate_limit();
    }
    const auto body = parse_object(request.body);
    if (!body) return refusal(9499, "Bad Request");
    const std::string id_type = request.query_value("receive_id_type");
    const std::string receive_id(text_of(*body, "receive_id"));
    if (auto refused = refuse_recipient(world, id_type, receive_id)) return *refused;
    const auto type = text_of(*body, "msg_type");
    Read read = read_content(world, type, text_of(*body, "content"));
    if (read.refusal) return *read.refusal;
    const auto uuid = text_of(*body, "uuid");
    if (uuid.size() > 50) return refusal(99992402, "field validation failed");
    const bool too_fast =
        !throttle_.allow("to " + receive_id, now_ms, 1'000, number(world, "rate_per_recipient"));
    if (too_fast) return refusal(230020, "This operation triggers the frequency limit.");
    const auto [message_id, repeat] = id_for(world, uuid);
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = receive_id;
    arrival.sender = world.setting(service_name, "app_id");
    arrival.subject = read.shown.title;
    arrival.content = read.shown.text;
    arrival.provider_message_id = message_id;
    arrival.token = uuid;
    arrival.detail =
        boost::json::serialize(object{{"msg_type", type}, {"receive_id_type", id_type}});
    arrival.raw = request.body;
    arrival.duplicate = repeat;
    world.arrived(std::move(arrival));
    if (!repeat && id_type != "chat_id") send_read_event(world, {message_id, receive_id});
    return answer(200, 0, "success", message_data(world, *body, message_id));
}

std::optional<ServiceReply> AppService::fault(World&, std::string_view kind,
                                              const ServiceRequest& request) {
    if (kind == "rate_limited") return rate_limit();
    if (kind == "error_in_body") return answer(200, 2200, "Internal Error");
    if (request.path == token_path) return std::nullopt;
    if (kind == "token_expired") {
        return refusal(99991663,
                       "Invalid access token for authorization. Please make a test "
                       "attempt with the correct token.");
    }
    if (kind == "quota") return refusal(230020, "This operation triggers the frequency limit.");
    if (kind == "invalid_recipient") {
        return refusal(99992351, "The request you send is not a valid {open_id} or not exists");
    }
    return std::nullopt;
}

}  // namespace hongyan::universe::feishu
