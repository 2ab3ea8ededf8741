#include "universe/apns/service.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/apns/provider_token.hpp"
#include "universe/apns/request_check.hpp"

namespace hongyan::universe::apns {
namespace {

constexpr std::string_view service_name = "apns";

/// The key of the sample account: known to everybody, good for nothing outside the sandbox.
SigningKey sample_key() {
    auto key = SigningKey::from_raw(SigningKey::Kind::ec_p256, sha256("hongyan sandbox apns key"));
    HY_ASSERT(key);
    return *key;
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (const auto& part : split(text, ',')) {
        if (const auto word = trim(part); !word.empty()) words.emplace_back(word);
    }
    return words;
}

std::size_t size_of(const std::string& text, std::size_t otherwise) {
    const auto number = parse_int(text);
    return number && *number > 0 ? static_cast<std::size_t>(*number) : otherwise;
}

std::string text_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    if (value == nullptr) return {};
    return value->is_string() ? std::string(value->get_string()) : boost::json::serialize(*value);
}

class Apns final : public HttpService {
  public:
    std::string_view name() const override { return service_name; }
    std::string_view title() const override { return "Apple Push Notification service (APNs)"; }
    ChannelKind channel() const override { return ChannelKind::app; }
    std::vector<ServiceSetting> settings() const override;
    SampleAccount sample_account(const World& world) const override;
    bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    [[nodiscard]] std::string team_reason(const World& world, const ServiceRequest& request);
    static ServiceReply refuse(const World& world, std::string_view reason, std::string_view id);
    static void note(World& world, const ServiceRequest& request, std::string_view device,
                     std::string_view id, const boost::json::object& payload);

    const SigningKey key_ = sample_key();
    TokenCheck tokens_;
};

std::vector<ServiceSetting> Apns::settings() const {
    return {{"team_id", "SANDBOX123", "The only team."},
            {"key_id", "SANDBOXKEY", "The only key."},
            {"public_key", "", "Its public key in PEM; empty = the sample account's key."},
            {"topics", "com.example.app", "Bundle ids of the team's apps, with commas between."},
            {"environment", "development",
             "development answers with apns-unique-id as well; production does not."},
            {"unregistered_tokens", "",
             "Device tokens answered with 410 Unregistered, with commas between; also all that "
             "begin with dead. bad0: BadDeviceToken, e0d0: ExpiredToken, a44a: "
             "DeviceTokenNotForTopic, 4290: TooManyRequests, 5000 and 5030: server errors."},
            {"bad_tokens", "", "Device tokens answered with 400 BadDeviceToken."},
            {"max_payload_bytes", "4096", "Largest payload."},
            {"max_voip_payload_bytes", "5120", "Largest payload of a call."},
            {"token_updates_per_20_minutes", "30",
             "New provider tokens within 20 minutes before 429 TooManyProviderTokenUpdates."},
            {"require_http2", "true", "Refuse HTTP/1.1, as Apple does."}};
}

HttpService::SampleAccount Apns::sample_account(const World& world) const {
    const bool tls = !world.ca_file().empty();
    boost::json::object settings{{"base_url", world.base_url(service_name, tls)},
                                 {"team_id", world.setting(service_name, "team_id")},
                                 {"key_id", world.setting(service_name, "key_id")},
                                 {"private_key", key_.private_pem()},
                                 {"topic", "com.example.app"}};
    if (const auto topics = words_of(world.setting(service_name, "topics")); !topics.empty())
        settings["topic"] = topics.front();
    if (tls) settings["ca_file"] = world.ca_file();
    return {"apns", boost::json::serialize(settings)};
}

bool Apns::claims(const ServiceRequest& request) const {
    return request.path.starts_with("/3/device") || request.authority.ends_with("push.apple.com");
}

std::string Apns::team_reason(const World& world, const ServiceRequest& request) {
    Team team;
    team.team_id = world.setting(service_name, "team_id");
    team.key_id = world.setting(service_name, "key_id");
    team.public_key = world.setting(service_name, "public_key");
    if (team.public_key.empty()) team.public_key = key_.public_key();
    team.updates_per_20_minutes = static_cast<std::int64_t>(
        size_of(world.setting(service_name, "token_updates_per_20_minutes"), 30));
    return tokens_.reason(team, request.header("authorization"), world.clock().now_ms());
}

ServiceReply Apns::refuse(const World& world, std::string_view reason, std::string_view id) {
    boost::json::object body{{"reason", reason}};
    const int status = status_of(reason);
    // Since when Apple knows: a day, so that a token registered since is told apart.
    if (status == 410) body["timestamp"] = world.clock().now_ms() - 86'400'000;
    return {.status = status,
            .headers = {{"apns-id", std::string(id)}},
            .body = boost::json::serialize(body)};
}

void Apns::note(World& world, const ServiceRequest& request, std::string_view device,
                std::string_view id, const boost::json::object& payload) {
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = ChannelKind::app;
    arrival.recipient = device;
    arrival.sender = request.header("apns-topic");
    arrival.provider_message_id = id;
    arrival.token = id;
    boost::json::object detail;
    for (const auto& [name, value] : request.headers) {
        if (name.starts_with("apns-") && name != "apns-id") detail[name] = value;
    }
    boost::json::object data = payload;
    if (const auto* aps = payload.if_contains("aps"); aps && aps->is_object()) {
        const auto& shown = aps->get_object();
        const auto* alert = shown.if_contains("alert");
        if (alert && alert->is_string()) arrival.content = alert->get_string();
        if (alert && alert->is_object()) {
            arrival.subject = text_of(alert->get_object(), "title");
            arrival.content = text_of(alert->get_object(), "body");
        }
        detail["aps"] = *aps;
        data.erase("aps");
    }
    if (!data.empty()) detail["data"] = std::move(data);
    arrival.detail = boost::json::serialize(detail);
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
}

ServiceReply Apns::handle(World& world, const ServiceRequest& request) {
    if (!request.http2 && world.setting(service_name, "require_http2") != "false")
        return {.status = 505, .content_type = "text/plain", .body = "APNs speaks HTTP/2 only"};
    std::string id = to_lower(request.header("apns-id"));
    if (id.empty()) {
        const std::string hex = to_hex(random_bytes(16));
        id = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
             hex.substr(16, 4) + "-" + hex.substr(20);
    }
    constexpr std::string_view prefix = "/3/device/";
    if (request.path == "/3/device" || request.path == prefix)
        return refuse(world, "MissingDeviceToken", id);
    if (!request.path.starts_with(prefix)) return refuse(world, "BadPath", id);
    if (request.method != "POST") return refuse(world, "MethodNotAllowed", id);
    if (auto reason = team_reason(world, request); !reason.empty())
        return refuse(world, reason, id);
    const std::string device = to_lower(std::string_view(request.path).substr(prefix.size()));
    Rules rules;
    rules.topics = words_of(world.setting(service_name, "topics"));
    rules.unregistered = words_of(to_lower(world.setting(service_name, "unregistered_tokens")));
    rules.bad = words_of(to_lower(world.setting(service_name, "bad_tokens")));
    rules.max_payload = size_of(world.setting(service_name, "max_payload_bytes"), 4096);
    rules.max_voip_payload = size_of(world.setting(service_name, "max_voip_payload_bytes"), 5120);
    boost::json::object payload;
    if (auto reason = check_request(rules, request, device, payload); !reason.empty())
        return refuse(world, reason, id);
    note(world, request, device, id, payload);
    ServiceReply reply{.headers = {{"apns-id", id}}, .body = {}};
    if (world.setting(service_name, "environment") == "development")
        reply.headers.emplace_back("apns-unique-id", id);
    return reply;
}

std::optional<ServiceReply> Apns::fault(World& world, std::string_view kind,
                                        const ServiceRequest& request) {
    const auto id = request.header("apns-id");
    if (kind == "rate_limited") return refuse(world, "TooManyProviderTokenUpdates", id);
    if (kind == "server_error") return refuse(world, "InternalServerError", id);
    if (kind == "token_expired") return refuse(world, "ExpiredProviderToken", id);
    if (kind == "quota") return refuse(world, "TooManyRequests", id);
    if (kind == "invalid_recipient") return refuse(world, "Unregistered", id);
    return std::nullopt;  // APNs never says 200 for a failure
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<Apns>()); }

}  // namespace hongyan::universe::apns
