#include "universe/fcm/service.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/fcm/message_check.hpp"
#include "universe/fcm/sample_key.hpp"
#include "universe/fcm/token_server.hpp"

namespace hongyan::universe::fcm {
namespace {

constexpr std::string_view service_name = "fcm";
constexpr std::string_view google_audience = "https://oauth2.googleapis.com/token";

using boost::json::object;

std::int64_t number_of(const std::string& text, std::int64_t otherwise) {
    const auto number = parse_int(text);
    return number && *number > 0 ? *number : otherwise;
}

std::string text_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

const object* object_of(const object& from, std::string_view key) {
    const auto* value = from.if_contains(key);
    return value != nullptr ? value->if_object() : nullptr;
}

class Fcm final : public HttpService {
  public:
    std::string_view name() const override { return service_name; }
    std::string_view title() const override { return "Firebase Cloud Messaging (FCM)"; }
    ChannelKind channel() const override { return ChannelKind::app; }
    std::vector<ServiceSetting> settings() const override;
    SampleAccount sample_account(const World& world) const override;
    bool claims(const ServiceRequest& request) const override;
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    ServiceReply grant(World& world, const ServiceRequest& request);
    ServiceReply send(World& world, const ServiceRequest& request);
    [[nodiscard]] Finding check_caller(const World& world, const ServiceRequest& request);
    static void note(World& world, const ServiceRequest& request, const object& message,
                     const std::string& name);

    TokenServer tokens_;
    Guarded<std::string> public_key_;  ///< of the sample key; made when first asked for
};

std::vector<ServiceSetting> Fcm::settings() const {
    return {
        {"project_id", "sandbox-project", "The only Firebase project."},
        {"client_email", "sender@sandbox-project.iam.gserviceaccount.com", "Its service account."},
        {"public_key", "", "The account's public key in PEM; empty = the sample's key."},
        {"token_seconds", "3599", "Life of an access token."},
        {"max_payload_bytes", "4096", "Largest notification and data together."},
        {"unregistered_tokens", "",
         "Registration tokens answered with UNREGISTERED, with commas between; also all that "
         "hold the word unregistered. sender-mismatch, quota-exceeded, unavailable, internal "
         "and third-party-auth in a token give those errors."}};
}

HttpService::SampleAccount Fcm::sample_account(const World& world) const {
    const bool tls = !world.ca_file().empty();
    const std::string base = world.base_url(service_name, tls);
    const object account{{"type", "service_account"},
                         {"project_id", world.setting(service_name, "project_id")},
                         {"private_key_id", "sandbox"},
                         {"private_key", sample_private_key()},
                         {"client_email", world.setting(service_name, "client_email")},
                         {"token_uri", base + "/token"}};
    object settings{{"service_account", boost::json::serialize(account)}, {"base_url", base}};
    if (tls) settings["ca_file"] = world.ca_file();
    return {"fcm", boost::json::serialize(settings)};
}

bool Fcm::claims(const ServiceRequest& request) const {
    return request.path.starts_with("/v1/projects/") ||
           request.authority.ends_with("fcm.googleapis.com") ||
           request.authority.ends_with("oauth2.googleapis.com") ||
           (request.path == "/token" && request.body.find("jwt-bearer") != request.body.npos);
}

ServiceReply Fcm::handle(World& world, const ServiceRequest& request) {
    if (request.method == "POST" && request.path == "/token") return grant(world, request);
    if (request.method == "POST" && request.path.starts_with("/v1/projects/") &&
        request.path.ends_with("/messages:send"))
        return send(world, request);
    return error_reply({404, "NOT_FOUND", "", "Method not found.", ""});
}

ServiceReply Fcm::grant(World& world, const ServiceRequest& request) {
    Client client;
    client.email = world.setting(service_name, "client_email");
    client.public_key = world.setting(service_name, "public_key");
    if (client.public_key.empty()) {
        auto key = public_key_.lock();
        if (key->empty()) {
            auto parsed = SigningKey::from_pem(sample_private_key());
            HY_ASSERT(parsed);
            *key = parsed->public_pem();
        }
        client.public_key = *key;
    }
    client.audiences = {std::string(google_audience), world.base_url(service_name) + "/token",
                        world.base_url(service_name, true) + "/token"};
    client.token_seconds = number_of(world.setting(service_name, "token_seconds"), 3599);
    auto answer = tokens_.grant(client, request.body, world.clock().now_ms());
    if (!answer.error.empty()) {
        return {.status = 400,
                .content_type = "application/json; charset=utf-8",
                .body = boost::json::serialize(
                    object{{"error", answer.error}, {"error_description", answer.detail}})};
    }
    return {.content_type = "application/json; charset=utf-8",
            .body = boost::json::serialize(object{{"access_token", answer.access_token},
                                                  {"expires_in", client.token_seconds},
                                                  {"token_type", "Bearer"}})};
}

Finding Fcm::check_caller(const World& world, const ServiceRequest& request) {
    const auto header = request.header("authorization");
    const bool bearer = equals_ignoring_case(header.substr(0, 7), "bearer ");
    if (!bearer || !tokens_.valid(trim(header.substr(7)), world.clock().now_ms())) {
        return {401, "UNAUTHENTICATED", "",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
                ""};
    }
    constexpr std::string_view prefix = "/v1/projects/";
    const auto rest = std::string_view(request.path).substr(prefix.size());
    if (rest.substr(0, rest.find('/')) != world.setting(service_name, "project_id")) {
        return {403, "PERMISSION_DENIED", "",
                "Permission 'cloudmessaging.messages.create' denied on resource", ""};
    }
    return {};
}

ServiceReply Fcm::send(World& world, const ServiceRequest& request) {
    if (auto found = check_caller(world, request); !found.status.empty()) return error_reply(found);
    boost::system::error_code failed;
    const auto value = boost::json::parse(request.body, failed);
    const object* root = failed ? nullptr : value.if_object();
    const object* message = root != nullptr ? object_of(*root, "message") : nullptr;
    if (message == nullptr) {
        return error_reply(
            {400, "INVALID_ARGUMENT", "", "Invalid JSON payload received.", "message"});
    }
    std::vector<std::string> unregistered =
        split(world.setting(service_name, "unregistered_tokens"), ',');
    const auto limit = number_of(world.setting(service_name, "max_payload_bytes"), 4096);
    const auto found = check_message(*message, static_cast<std::size_t>(limit), unregistered);
    if (!found.status.empty()) {
        auto reply = error_reply(found);
        if (found.http_status == 429) reply.headers.emplace_back("retry-after", "60");
        return reply;
    }
    std::string name = "projects/" + world.setting(service_name, "project_id") + "/messages/";
    const auto* validate = root->if_contains("validate_only");
    if (validate != nullptr && validate->is_bool() && validate->get_bool()) {
        name += "fake_message_id";
    } else {
        name += "0:" + std::to_string(world.next_number());
        note(world, request, *message, name);
    }
    return {.content_type = "application/json; charset=UTF-8",
            .body = boost::json::serialize(object{{"name", name}})};
}

void Fcm::note(World& world, const ServiceRequest& request, const object& message,
               const std::string& name) {
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = ChannelKind::app;
    arrival.recipient = text_of(message, "token");
    if (arrival.recipient.empty()) arrival.recipient = text_of(message, "topic");
    arrival.sender = world.setting(service_name, "project_id");
    if (const auto* shown = object_of(message, "notification")) {
        arrival.subject = text_of(*shown, "title");
        arrival.content = text_of(*shown, "body");
    } else if (const auto* data = object_of(message, "data")) {
        arrival.subject = text_of(*data, "title");
        arrival.content = text_of(*data, "body");
    }
    if (const auto* android = object_of(message, "android")) {
        if (const auto* notification = object_of(*android, "notification"))
            arrival.token = text_of(*notification, "tag");
    }
    arrival.provider_message_id = name;
    object detail = message;
    detail.erase("token");
    arrival.detail = boost::json::serialize(detail);
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
}

std::optional<ServiceReply> Fcm::fault(World&, std::string_view kind,
                                       const ServiceRequest& request) {
    if (request.path == "/token") {
        if (kind != "server_error") return std::nullopt;
        return ServiceReply{.status = 503, .body = R"({"error":"internal_failure"})"};
    }
    if (kind == "rate_limited" || kind == "quota") return error_reply(finding_of("QUOTA_EXCEEDED"));
    if (kind == "server_error") return error_reply(finding_of("INTERNAL"));
    if (kind == "invalid_recipient") return error_reply(finding_of("UNREGISTERED"));
    if (kind == "token_expired") {
        return error_reply(
            {401, "UNAUTHENTICATED", "", "Request had invalid authentication credentials.", ""});
    }
    return std::nullopt;  // FCM never says 200 for a failure
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<Fcm>()); }

}  // namespace hongyan::universe::fcm
