#include "universe/web_push/service.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>

#include "base/crypto.hpp"
#include "base/guarded.hpp"
#include "base/text.hpp"
#include "universe/web_push/browser.hpp"
#include "universe/web_push/vapid_check.hpp"

namespace hongyan::universe::web_push {
namespace {

constexpr std::string_view service_name = "web_push";
constexpr std::string_view endpoint_prefix = "/wpush/v2/";
constexpr std::string_view subscription_prefix = "/subscriptions";
constexpr std::size_t max_bound = 10'000;

SigningKey sample_key() {
    auto key = SigningKey::from_raw(SigningKey::Kind::ec_p256, sha256("hongyan sandbox vapid key"));
    HY_ASSERT(key);
    return *key;
}

ServiceReply problem(int status, std::string_view detail) {
    return {.status = status,
            .body = "{\"code\":" + std::to_string(status) + ",\"message\":" + json_quoted(detail) +
                    "}"};
}

/// Ids name a browser; a few words in them decide its fate.
bool is_id(std::string_view id) {
    return !id.empty() && id.size() <= 100 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_';
    });
}

bool is_topic(std::string_view topic) {
    return topic.empty() || (topic.size() <= 32 && is_id(topic));
}

class WebPush final : public HttpService {
  public:
    std::string_view name() const override { return service_name; }
    std::string_view title() const override { return "Web Push (a push service and its browsers)"; }
    ChannelKind channel() const override { return ChannelKind::app; }
    std::vector<ServiceSetting> settings() const override;
    SampleAccount sample_account(const World& world) const override;
    bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    ServiceReply subscribe(World& world, const ServiceRequest& request);
    ServiceReply push(World& world, const ServiceRequest& request);
    [[nodiscard]] std::optional<ServiceReply> refuse(const World& world,
                                                     const ServiceRequest& request,
                                                     std::string_view id);
    [[nodiscard]] std::optional<ServiceReply> refuse_sender(const World& world,
                                                            const ServiceRequest& request,
                                                            std::string_view id);
    static void note(World& world, const ServiceRequest& request, const std::string& id,
                     const std::string& text, const std::string& number);

    const SigningKey key_ = sample_key();
    /// Subscriptions made for one sender's key (applicationServerKey), by id.
    Guarded<std::map<std::string, std::string, std::less<>>> bound_;
};

std::vector<ServiceSetting> WebPush::settings() const {
    return {{"vapid_public_key", "",
             "Only this sender's key (base64url) may push; empty = any, except to subscriptions "
             "made for one key."},
            {"max_body_bytes", "4096", "Largest encrypted body."},
            {"max_ttl_seconds", "2419200", "Longest time a message is kept; a longer TTL is cut."},
            {"gone_ids", "",
             "Ids of subscriptions answered with 410, with commas between; also all that hold the "
             "word gone. missing gives 404, busy 429."}};
}

HttpService::SampleAccount WebPush::sample_account(const World& world) const {
    boost::json::object settings{{"private_key", key_.private_pem()},
                                 {"subject", "mailto:sandbox@example.com"},
                                 {"trusted_endpoints", true}};
    if (!world.ca_file().empty()) settings["ca_file"] = world.ca_file();
    return {"web_push", boost::json::serialize(settings)};
}

bool WebPush::claims(const ServiceRequest& request) const {
    return request.path.starts_with(endpoint_prefix) ||
           request.path.starts_with(subscription_prefix);
}

ServiceReply WebPush::handle(World& world, const ServiceRequest& request) {
    if (request.path.starts_with(subscription_prefix)) return subscribe(world, request);
    if (!request.path.starts_with(endpoint_prefix)) return problem(404, "no such resource");
    if (request.method != "POST") return problem(405, "messages are pushed by POST");
    return push(world, request);
}

/// /subscriptions/ID gives the subscription of the browser ID; ?key=K binds it to that sender.
ServiceReply WebPush::subscribe(World& world, const ServiceRequest& request) {
    std::string id(std::string_view(request.path).substr(subscription_prefix.size()));
    if (id.starts_with('/')) id.erase(0, 1);
    if (id.empty()) id = "browser-" + std::to_string(world.next_number());
    if (!is_id(id)) return problem(400, "an id has letters, digits, - and _ only");
    if (const auto key = request.query_value("key"); !key.empty()) {
        const auto point = from_base64(key);
        if (!point || point->size() != 65) return problem(400, "key is no P-256 public key");
        auto bound = bound_.lock();
        if (bound->size() >= max_bound) return problem(507, "too many subscriptions with a key");
        (*bound)[id] = to_base64url(*point);
    }
    const bool tls = request.scheme == "https";
    const std::string endpoint =
        world.base_url(service_name, tls) + std::string(endpoint_prefix) + id;
    return {.body = Browser(id).subscription(endpoint)};
}

std::optional<ServiceReply> WebPush::refuse_sender(const World& world,
                                                   const ServiceRequest& request,
                                                   std::string_view id) {
    const std::string origin = request.scheme + "://" + to_lower(request.authority);
    auto found = check_vapid(request.header("authorization"), origin, world.clock().now_ms());
    if (found.status != 0) return problem(found.status, found.detail);
    const std::string only = world.setting(service_name, "vapid_public_key");
    auto bound = bound_.lock();
    const auto mine = bound->find(id);
    if ((!only.empty() && found.public_key != only) ||
        (mine != bound->end() && mine->second != found.public_key))
        return problem(403, "the subscription was made for another sender's key");
    return std::nullopt;
}

std::optional<ServiceReply> WebPush::refuse(const World& world, const ServiceRequest& request,
                                            std::string_view id) {
    if (!is_id(id)) return problem(404, "no such subscription");
    if (auto reply = refuse_sender(world, request, id)) return reply;
    const auto gone = split(world.setting(service_name, "gone_ids"), ',');
    if (id.find("gone") != id.npos || std::find(gone.begin(), gone.end(), id) != gone.end())
        return problem(410, "the subscription has ended");
    if (id.find("missing") != id.npos) return problem(404, "no such subscription");
    if (id.find("busy") != id.npos) {
        auto reply = problem(429, "too many messages");
        reply.headers.emplace_back("retry-after", "30");
        return reply;
    }
    const auto ttl = parse_int(request.header("ttl"));
    if (!ttl || *ttl < 0) return problem(400, "TTL is missing or no number");
    constexpr std::array<std::string_view, 5> urgencies{"", "very-low", "low", "normal", "high"};
    const auto urgency = request.header("urgency");
    if (std::find(urgencies.begin(), urgencies.end(), urgency) == urgencies.end())
        return problem(400, "Urgency is unknown");
    if (!is_topic(request.header("topic")))
        return problem(400, "Topic has more than 32 characters or other than base64url");
    const auto limit = parse_int(world.setting(service_name, "max_body_bytes")).value_or(4096);
    if (request.body.size() > static_cast<std::size_t>(limit))
        return problem(413, "the body has more than " + std::to_string(limit) + " bytes");
    if (!request.body.empty() && request.header("content-encoding") != "aes128gcm")
        return problem(400, "Content-Encoding is not aes128gcm");
    return std::nullopt;
}

ServiceReply WebPush::push(World& world, const ServiceRequest& request) {
    const std::string id(std::string_view(request.path).substr(endpoint_prefix.size()));
    if (auto reply = refuse(world, request, id)) return std::move(*reply);
    std::string text;
    if (!request.body.empty()) {
        auto plain = Browser(id).decrypt(request.body);
        // A real push service can not know, its browser would drop the message without a word. Here
        // the sender is told.
        if (!plain) return problem(400, "the browser can not read it: " + plain.error().detail);
        text = std::move(*plain);
    }
    const std::string number = std::to_string(world.next_number());
    note(world, request, id, text, number);
    const auto asked = parse_int(request.header("ttl")).value_or(0);
    const auto most = parse_int(world.setting(service_name, "max_ttl_seconds")).value_or(2'419'200);
    const bool tls = request.scheme == "https";
    return {.status = 201,
            .headers = {{"location", world.base_url(service_name, tls) + "/m/" + number},
                        {"ttl", std::to_string(std::min(asked, most))}},
            .body = {}};
}

std::string text_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

void WebPush::note(World& world, const ServiceRequest& request, const std::string& id,
                   const std::string& text, const std::string& number) {
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = ChannelKind::app;
    arrival.recipient = id;
    arrival.sender =
        check_vapid(request.header("authorization"),
                    request.scheme + "://" + to_lower(request.authority), world.clock().now_ms())
            .subject;
    arrival.token = request.header("topic");
    arrival.provider_message_id =
        world.base_url(service_name, request.scheme == "https") + "/m/" + number;
    arrival.content = text;
    boost::json::object detail{{"ttl", request.header("ttl")},
                               {"urgency", request.header("urgency")},
                               {"topic", request.header("topic")}};
    boost::system::error_code failed;
    const auto value = boost::json::parse(text, failed);
    if (!failed && value.is_object()) {
        const auto body = text_of(value.get_object(), "body");
        arrival.subject = text_of(value.get_object(), "title");
        if (!body.empty()) arrival.content = body;
        detail["payload"] = value;
    }
    arrival.detail = boost::json::serialize(detail);
    arrival.raw = text;
    world.arrived(std::move(arrival));
}

std::optional<ServiceReply> WebPush::fault(World&, std::string_view kind, const ServiceRequest&) {
    if (kind == "rate_limited" || kind == "quota") {
        auto reply = problem(429, "too many messages");
        reply.headers.emplace_back("retry-after", "5");
        return reply;
    }
    if (kind == "server_error") return problem(500, "the push service is not well");
    if (kind == "token_expired") return problem(403, "the token has expired");
    if (kind == "invalid_recipient") return problem(410, "the subscription has ended");
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<WebPush>()); }

}  // namespace hongyan::universe::web_push
