#include "universe/jpush/service.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>

#include "base/crypto.hpp"
#include "base/guarded.hpp"
#include "base/text.hpp"
#include "universe/jpush/push_check.hpp"

namespace hongyan::universe::jpush {
namespace {

constexpr std::string_view service_name = "jpush";
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t max_cids = 200'000;

using boost::json::object;

/// A cid that was given out, and the answer to the push it was used for.
struct Cid {
    std::int64_t given_ms = 0;
    std::string msg_id;  ///< "" = not used yet
};

struct Minute {
    std::int64_t number = 0;
    std::int64_t calls = 0;
};

std::int64_t number_of(const std::string& text, std::int64_t otherwise) {
    const auto number = parse_int(text);
    return number && *number > 0 ? *number : otherwise;
}

ServiceReply error_reply(int code, std::string_view message) {
    return {.status = status_of(code),
            .body = boost::json::serialize(
                object{{"error", object{{"code", code}, {"message", message}}}})};
}

std::string new_uuid() {
    const std::string hex = to_hex(random_bytes(16));
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
           hex.substr(16, 4) + "-" + hex.substr(20);
}

std::string text_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

class Jpush final : public HttpService {
  public:
    std::string_view name() const override { return service_name; }
    std::string_view title() const override { return "JPush / 极光推送"; }
    ChannelKind channel() const override { return ChannelKind::app; }
    std::vector<ServiceSetting> settings() const override;
    SampleAccount sample_account(const World& world) const override;
    bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    [[nodiscard]] static bool knows(const World& world, const ServiceRequest& request);
    [[nodiscard]] std::int64_t count_call(std::int64_t now_ms);
    ServiceReply give_cids(World& world, const ServiceRequest& request);
    ServiceReply push(World& world, const ServiceRequest& request);
    [[nodiscard]] Finding check_cid(const World& world, const std::string& cid);
    static void note(World& world, const ServiceRequest& request, const object& push,
                     const std::string& msg_id, bool duplicate);
    ServiceReply answer(const object& push, const std::string& msg_id) const;

    Guarded<std::map<std::string, Cid>> cids_;
    Guarded<Minute> minute_;
};

std::vector<ServiceSetting> Jpush::settings() const {
    return {{"app_key", "7d431e42dfa6a6d693ac2d04", "The only app."},
            {"master_secret", "5e987ac6d2e04d95a9d8f0d1", "Its Master Secret."},
            {"vip", "false", "VIP apps get up to 1000 cids at once, others 10."},
            {"calls_per_minute", "6000",
             "Calls of push and cid in a minute before 429 with code 2002; JPush allows free apps "
             "600."},
            {"max_android_bytes", "4000", "Largest notification for Android."},
            {"max_ios_bytes", "2000", "Largest notification for iOS."},
            {"unknown_ids", "",
             "Registration ids answered with 1011, with commas between; also all that begin with "
             "dead. bad0 gives 1003."}};
}

HttpService::SampleAccount Jpush::sample_account(const World& world) const {
    const bool tls = !world.ca_file().empty();
    object settings{{"app_key", world.setting(service_name, "app_key")},
                    {"master_secret", world.setting(service_name, "master_secret")},
                    {"base_url", world.base_url(service_name, tls)}};
    if (tls) settings["ca_file"] = world.ca_file();
    return {"jpush", boost::json::serialize(settings)};
}

bool Jpush::claims(const ServiceRequest& request) const {
    return request.path.starts_with("/v3/push") || request.authority.ends_with("jpush.cn") ||
           request.authority.ends_with("jiguang.cn");
}

bool Jpush::knows(const World& world, const ServiceRequest& request) {
    const auto header = request.header("authorization");
    if (!equals_ignoring_case(header.substr(0, 6), "basic ")) return false;
    const auto given = from_base64(trim(header.substr(6)));
    const std::string expected =
        world.setting(service_name, "app_key") + ":" + world.setting(service_name, "master_secret");
    return given && equal_in_constant_time(*given, expected);
}

std::int64_t Jpush::count_call(std::int64_t now_ms) {
    auto minute = minute_.lock();
    const std::int64_t number = now_ms / 60'000;
    if (minute->number != number) *minute = {number, 0};
    return ++minute->calls;
}

ServiceReply Jpush::handle(World& world, const ServiceRequest& request) {
    if (!knows(world, request)) return error_reply(1004, "Basic authentication failed");
    const std::int64_t now = world.clock().now_ms();
    const std::int64_t limit = number_of(world.setting(service_name, "calls_per_minute"), 6000);
    const std::int64_t calls = count_call(now);
    const std::int64_t reset = 60 - now / 1000 % 60;
    ServiceReply reply;
    if (calls > limit) {
        reply = error_reply(2002, "Rate limit exceeded");
    } else if (request.path == "/v3/push/cid") {
        reply = request.method == "GET" ? give_cids(world, request)
                                        : error_reply(1001, "Only GET is supported");
    } else if (request.path == "/v3/push" || request.path == "/v3/push/validate") {
        reply = request.method == "POST" ? push(world, request)
                                         : error_reply(1001, "Only POST is supported");
    } else {
        reply = {.status = 404, .body = R"({"error":{"code":404,"message":"No such resource"}})"};
    }
    reply.headers.emplace_back("x-rate-limit-limit", std::to_string(limit));
    reply.headers.emplace_back("x-rate-limit-remaining",
                               std::to_string(std::max<std::int64_t>(0, limit - calls)));
    reply.headers.emplace_back("x-rate-limit-reset", std::to_string(reset));
    return reply;
}

ServiceReply Jpush::give_cids(World& world, const ServiceRequest& request) {
    const std::string asked = request.query_value("count");
    std::int64_t count = asked.empty() ? 1 : parse_int(asked).value_or(0);
    if (count < 1 || count > 1000) return error_reply(1003, "count is invalid");
    if (world.setting(service_name, "vip") != "true") count = std::min<std::int64_t>(count, 10);
    const std::int64_t now = world.clock().now_ms();
    const std::string app_key = world.setting(service_name, "app_key");
    boost::json::array list;
    auto cids = cids_.lock();
    if (cids->size() >= max_cids)
        std::erase_if(*cids, [&](const auto& e) { return e.second.given_ms < now - day_ms; });
    if (cids->size() >= max_cids) return error_reply(1000, "no cids left");
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string cid = app_key + "-" + new_uuid();
        (*cids)[cid] = {now, ""};
        list.emplace_back(cid);
    }
    return {.body = boost::json::serialize(object{{"cidlist", std::move(list)}})};
}

Finding Jpush::check_cid(const World& world, const std::string& cid) {
    if (cid.empty()) return {};
    auto cids = cids_.lock();
    const auto found = cids->find(cid);
    if (found == cids->end() || found->second.given_ms < world.clock().now_ms() - day_ms)
        return {1003, "cid is invalid: it was not given out, or more than a day ago"};
    return {};
}

ServiceReply Jpush::answer(const object& push, const std::string& msg_id) const {
    std::string sendno = "0";
    if (const auto* options = push.if_contains("options"); options && options->is_object()) {
        const auto* given = options->get_object().if_contains("sendno");
        if (given != nullptr && given->is_int64()) sendno = std::to_string(given->get_int64());
    }
    return {.body = boost::json::serialize(object{{"sendno", sendno}, {"msg_id", msg_id}})};
}

ServiceReply Jpush::push(World& world, const ServiceRequest& request) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(request.body, failed);
    if (failed || !value.is_object()) return error_reply(1003, "The body is not a JSON object");
    const auto& push = value.get_object();
    const std::string cid = text_of(push, "cid");
    if (auto found = check_cid(world, cid); found.code != 0)
        return error_reply(found.code, found.message);
    if (!cid.empty()) {  // a repeat gets the first answer, whatever it holds
        auto cids = cids_.lock();
        const std::string msg_id = (*cids)[cid].msg_id;
        if (!msg_id.empty()) {
            note(world, request, push, msg_id, true);
            return answer(push, msg_id);
        }
    }
    Limits limits;
    limits.android =
        static_cast<std::size_t>(number_of(world.setting(service_name, "max_android_bytes"), 4000));
    limits.ios =
        static_cast<std::size_t>(number_of(world.setting(service_name, "max_ios_bytes"), 2000));
    limits.unknown_ids = split(world.setting(service_name, "unknown_ids"), ',');
    if (auto found = check_push(push, limits); found.code != 0)
        return error_reply(found.code, found.message);
    // JPush's ids have more digits than a double holds.
    const std::string msg_id = std::to_string(18'100'000'000'000'000 + world.next_number());
    if (request.path == "/v3/push/validate") return answer(push, msg_id);
    if (!cid.empty()) (*cids_.lock())[cid].msg_id = msg_id;
    note(world, request, push, msg_id, false);
    return answer(push, msg_id);
}

void Jpush::note(World& world, const ServiceRequest& request, const object& push,
                 const std::string& msg_id, bool duplicate) {
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = ChannelKind::app;
    arrival.sender = world.setting(service_name, "app_key");
    arrival.provider_message_id = msg_id;
    arrival.token = text_of(push, "cid");
    arrival.duplicate = duplicate;
    arrival.raw = request.body;
    if (const auto* shown = push.if_contains("notification"); shown && shown->is_object()) {
        arrival.content = text_of(shown->get_object(), "alert");
        for (const auto* platform : {"ios", "android"}) {
            const auto* part = shown->get_object().if_contains(platform);
            if (part == nullptr || !part->is_object()) continue;
            const auto* alert = part->get_object().if_contains("alert");
            if (alert && alert->is_string()) arrival.content = alert->get_string();
            if (alert && alert->is_object()) {
                arrival.content = text_of(alert->get_object(), "body");
                arrival.subject = text_of(alert->get_object(), "title");
            }
            if (const auto title = text_of(part->get_object(), "title"); !title.empty())
                arrival.subject = title;
        }
    } else if (const auto* message = push.if_contains("message"); message && message->is_object()) {
        arrival.content = text_of(message->get_object(), "msg_content");
        arrival.subject = text_of(message->get_object(), "title");
    }
    object detail = push;
    detail.erase("audience");
    arrival.detail = boost::json::serialize(detail);
    auto ids = ids_of(push);
    if (ids.empty()) ids.emplace_back("all");
    for (const auto& id : ids) {
        arrival.recipient = id;
        world.arrived(arrival);
    }
}

std::optional<ServiceReply> Jpush::fault(World&, std::string_view kind, const ServiceRequest&) {
    if (kind == "rate_limited" || kind == "quota") {
        auto reply = error_reply(2002, "Rate limit exceeded");
        reply.headers.emplace_back("x-rate-limit-reset", "5");
        return reply;
    }
    if (kind == "server_error") return error_reply(1000, "Server is busy");
    if (kind == "token_expired") return error_reply(1004, "Basic authentication failed");
    if (kind == "invalid_recipient") return error_reply(1011, "cannot find user by this audience");
    if (kind == "error_in_body") {
        auto reply = error_reply(1030, "internal timeout");
        reply.status = 200;
        return reply;
    }
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<Jpush>()); }

}  // namespace hongyan::universe::jpush
