#include "universe/getui/service.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <map>

#include "base/crypto.hpp"
#include "base/guarded.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::universe::getui {
namespace {

constexpr std::string_view service_name = "getui";
constexpr std::int64_t clock_slack_ms = 600'000;
constexpr std::int64_t repeat_ms = 600'000;
constexpr std::size_t max_kept = 100'000;

using boost::json::object;

struct Push {
    std::int64_t at_ms = 0;
    std::string task_id;
};

std::string text_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    if (value == nullptr) return {};
    if (value->is_int64()) return std::to_string(value->get_int64());
    return value->is_string() ? std::string(value->get_string()) : "";
}

const object* object_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr ? value->if_object() : nullptr;
}

ServiceReply reply_of(int status, std::int64_t code, std::string_view message, object data = {}) {
    return {.status = status,
            .content_type = "application/json;charset=utf-8",
            .body = boost::json::serialize(
                object{{"code", code}, {"msg", message}, {"data", std::move(data)}})};
}

std::optional<object> parse(const std::string& body) {
    boost::system::error_code failed;
    auto value = boost::json::parse(body, failed);
    if (failed || !value.is_object()) return std::nullopt;
    return std::move(value.get_object());
}

class Getui final : public HttpService {
  public:
    std::string_view name() const override { return service_name; }
    std::string_view title() const override { return "Getui / 个推"; }
    ChannelKind channel() const override { return ChannelKind::app; }
    std::vector<ServiceSetting> settings() const override;
    SampleAccount sample_account(const World& world) const override;
    bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    ServiceReply authenticate(World& world, const ServiceRequest& request);
    [[nodiscard]] bool valid(std::string_view token, std::int64_t now_ms);
    ServiceReply push(World& world, const ServiceRequest& request);
    static void note(World& world, const ServiceRequest& request, const object& push,
                     const std::string& cid, const std::string& task, bool duplicate);
    static void send_receipt(World& world, const std::string& cid, const std::string& task);

    Guarded<std::map<std::string, std::int64_t, std::less<>>> tokens_;  ///< token, when it ends
    Guarded<std::map<std::string, Push>> pushes_;                       ///< by request_id
};

std::vector<ServiceSetting> Getui::settings() const {
    return {{"app_id", "sandboxappid", "The only app."},
            {"app_key", "sandboxappkey", "Its AppKey."},
            {"master_secret", "sandboxmastersecret", "Its MasterSecret."},
            {"token_seconds", "86400", "Life of a token."},
            {"callback_url", "", "Where receipts go; empty = none."},
            {"invalid_cids", "",
             "Client ids answered with target user is invalid, with commas between; also all that "
             "begin with dead. 4290 gives a rate limit."}};
}

HttpService::SampleAccount Getui::sample_account(const World& world) const {
    const bool tls = !world.ca_file().empty();
    object settings{{"app_id", world.setting(service_name, "app_id")},
                    {"app_key", world.setting(service_name, "app_key")},
                    {"master_secret", world.setting(service_name, "master_secret")},
                    {"base_url", world.base_url(service_name, tls) + "/v2"}};
    if (tls) settings["ca_file"] = world.ca_file();
    return {"getui", boost::json::serialize(settings)};
}

bool Getui::claims(const ServiceRequest& request) const {
    const bool path = request.path.starts_with("/v2/") &&
                      (request.path.ends_with("/auth") ||
                       request.path.find("/push/single/") != request.path.npos);
    return path || request.authority.ends_with("getui.com");
}

ServiceReply Getui::handle(World& world, const ServiceRequest& request) {
    const std::string prefix = "/v2/" + world.setting(service_name, "app_id");
    if (!request.path.starts_with(prefix + "/"))
        return reply_of(404, 404, "appId is not known here");
    const auto path = std::string_view(request.path).substr(prefix.size());
    if (path == "/auth" && request.method == "POST") return authenticate(world, request);
    if (!valid(request.header("token"), world.clock().now_ms()))
        return reply_of(401, 10001, "token is invalid or expired");
    if (path.starts_with("/auth/") && request.method == "DELETE") {
        auto tokens = tokens_.lock();
        if (const auto found = tokens->find(path.substr(6)); found != tokens->end())
            tokens->erase(found);
        return reply_of(200, 0, "success");
    }
    if (path == "/push/single/cid" && request.method == "POST") return push(world, request);
    return reply_of(404, 404, "no such interface");
}

ServiceReply Getui::authenticate(World& world, const ServiceRequest& request) {
    const auto body = parse(request.body);
    if (!body) return reply_of(400, 20001, "the body is not a JSON object");
    const std::int64_t now = world.clock().now_ms();
    const std::string timestamp = text_of(*body, "timestamp");
    const auto at = parse_int(timestamp);
    if (!at || std::abs(*at - now) > clock_slack_ms)
        return reply_of(400, 20001, "timestamp is invalid");
    const std::string app_key = world.setting(service_name, "app_key");
    const std::string expected =
        to_hex(sha256(app_key + timestamp + world.setting(service_name, "master_secret")));
    if (text_of(*body, "appkey") != app_key ||
        !equal_in_constant_time(expected, to_lower(text_of(*body, "sign"))))
        return reply_of(400, 20001, "sign is invalid");
    const std::string token = to_hex(random_bytes(32));
    const std::int64_t life =
        parse_int(world.setting(service_name, "token_seconds")).value_or(86'400) * 1000;
    auto tokens = tokens_.lock();
    std::erase_if(*tokens, [&](const auto& entry) { return entry.second <= now; });
    if (tokens->size() >= max_kept) return reply_of(400, 10003, "too many authentications");
    (*tokens)[token] = now + life;
    return reply_of(200, 0, "success",
                    {{"expire_time", std::to_string(now + life)}, {"token", token}});
}

bool Getui::valid(std::string_view token, std::int64_t now_ms) {
    auto tokens = tokens_.lock();
    const auto found = tokens->find(token);
    return found != tokens->end() && found->second > now_ms;
}

/// "" or what is wrong with a push to one client.
std::string wrong_with(const object& push, std::string& cid) {
    const auto request_id = text_of(push, "request_id");
    if (request_id.size() < 10 || request_id.size() > 32)
        return "request_id must have 10 to 32 characters";
    const auto* audience = object_of(push, "audience");
    const auto* cids = audience != nullptr ? audience->if_contains("cid") : nullptr;
    if (cids == nullptr || !cids->is_array() || cids->get_array().size() != 1 ||
        !cids->get_array().front().is_string())
        return "audience.cid must hold one cid";
    cid = std::string(cids->get_array().front().get_string());
    const auto* message = object_of(push, "push_message");
    if (message == nullptr) return "push_message is missing";
    if (const auto* notification = object_of(*message, "notification")) {
        if (text_of(*notification, "title").empty() || text_of(*notification, "body").empty())
            return "notification needs title and body";
        if (text_of(*notification, "click_type").empty()) return "click_type is missing";
    } else if (text_of(*message, "transmission").empty()) {
        return "push_message needs notification or transmission";
    }
    if (const auto* settings = object_of(push, "settings")) {
        const auto* ttl = settings->if_contains("ttl");
        if (ttl != nullptr &&
            (!ttl->is_int64() || ttl->get_int64() < -1 || ttl->get_int64() > 259'200'000))
            return "ttl must be -1 to 259200000";
    }
    return "";
}

ServiceReply Getui::push(World& world, const ServiceRequest& request) {
    const auto body = parse(request.body);
    if (!body) return reply_of(400, 20001, "the body is not a JSON object");
    std::string cid;
    if (const auto wrong = wrong_with(*body, cid); !wrong.empty())
        return reply_of(400, 20001, wrong);
    const auto invalid = split(world.setting(service_name, "invalid_cids"), ',');
    if (cid.starts_with("dead") || cid.size() != 32 ||
        std::find(invalid.begin(), invalid.end(), cid) != invalid.end())
        return reply_of(400, 20001, "target user is invalid");
    // Vendor's own trap: a rate limit that looks like a refused token.
    if (cid.starts_with("4290")) return reply_of(401, 10005, "the rate of calls is too high");

    const std::string request_id = text_of(*body, "request_id");
    const std::int64_t now = world.clock().now_ms();
    std::string task;
    bool duplicate = false;
    {
        auto pushes = pushes_.lock();
        if (pushes->size() >= max_kept)
            std::erase_if(*pushes, [&](const auto& e) { return e.second.at_ms < now - repeat_ms; });
        const auto found = pushes->find(request_id);
        duplicate = found != pushes->end() && found->second.at_ms >= now - repeat_ms;
        task = duplicate ? found->second.task_id
                         : "RASS_" + format_day(now).substr(5) + "_" + to_hex(random_bytes(16));
        if (!duplicate) (*pushes)[request_id] = {now, task};
    }
    note(world, request, *body, cid, task, duplicate);
    if (!duplicate) send_receipt(world, cid, task);
    return reply_of(200, 0, "success", {{task, object{{cid, "successed_online"}}}});
}

void Getui::note(World& world, const ServiceRequest& request, const object& push,
                 const std::string& cid, const std::string& task, bool duplicate) {
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = ChannelKind::app;
    arrival.recipient = cid;
    arrival.sender = world.setting(service_name, "app_id");
    arrival.provider_message_id = task;
    arrival.token = text_of(push, "request_id");
    arrival.duplicate = duplicate;
    const auto* message = object_of(push, "push_message");
    if (const auto* shown = object_of(*message, "notification")) {
        arrival.subject = text_of(*shown, "title");
        arrival.content = text_of(*shown, "body");
    } else {
        arrival.content = text_of(*message, "transmission");
    }
    object detail = push;
    detail.erase("audience");
    arrival.detail = boost::json::serialize(detail);
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
}

void Getui::send_receipt(World& world, const std::string& cid, const std::string& task) {
    const std::string url = world.setting(service_name, "callback_url");
    if (url.empty()) return;
    const auto fate = world.draw_receipt(service_name, cid);
    const std::string app_id = world.setting(service_name, "app_id");
    const std::string number = to_hex(random_bytes(8));
    const auto line = [&](std::string_view secret) {
        const std::string sign = to_hex(md5(app_id + cid + task + number + std::string(secret)));
        return boost::json::serialize(object{{"appid", app_id},
                                             {"cid", cid},
                                             {"taskid", task},
                                             {"msgid", number},
                                             {"code", fate.fails ? "500" : "200"},
                                             {"desc", fate.fails ? "failed" : "ok"},
                                             {"sign", sign}}) +
               "\n";
    };
    std::vector<std::string> bodies;
    if (fate.forged) bodies.push_back(line("another secret"));
    const int copies = fate.lost ? 0 : std::clamp(fate.copies, 1, 10);
    const std::string secret = world.setting(service_name, "master_secret");
    for (int i = 0; i < copies; ++i) bodies.push_back(line(secret));
    for (auto& body : bodies) {
        OutboundRequest call;
        call.url = url;
        call.headers = {{"content-type", "application/json"}};
        call.body = std::move(body);
        if (fate.early) {
            world.call_back(std::move(call), 3);
        } else {
            world.later(fate.delay, [&world, call = std::move(call)]() mutable {
                world.call_back(std::move(call), 3);
            });
        }
    }
}

std::optional<ServiceReply> Getui::fault(World&, std::string_view kind,
                                         const ServiceRequest& request) {
    if (kind == "rate_limited" || kind == "quota") {
        if (request.path.ends_with("/auth"))
            return reply_of(400, 10003, "authentication is called too often");
        return reply_of(401, 10005, "the rate of calls is too high");
    }
    if (kind == "server_error") return reply_of(500, 1, "system error");
    if (kind == "token_expired") return reply_of(401, 10001, "token is invalid or expired");
    if (kind == "invalid_recipient") return reply_of(400, 20001, "target user is invalid");
    if (kind == "error_in_body") return reply_of(200, 2, "the service is starting");
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<Getui>()); }

}  // namespace hongyan::universe::getui
