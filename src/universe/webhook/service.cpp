#include "universe/webhook/service.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <map>

#include "base/crypto.hpp"
#include "base/guarded.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::universe::webhook {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "webhook";
constexpr std::string_view hook_path = "/webhooks";
constexpr std::size_t most_kept = 100'000;

ServiceReply problem(int status, std::string_view why) {
    return {.status = status, .body = boost::json::serialize(object{{"error", why}})};
}

/// One signature against one secret of the receiver's: "whsec_" for v1, "whpk_" for v1a.
bool fits(std::string_view signature, std::string_view secret, std::string_view text) {
    const auto comma = signature.find(',');
    const auto raw =
        comma == signature.npos ? std::nullopt : from_base64(signature.substr(comma + 1));
    const auto underscore = secret.find('_');
    if (!raw || underscore == secret.npos) return false;
    const auto key = from_base64(secret.substr(underscore + 1));
    if (!key || key->empty()) return false;
    const auto version = signature.substr(0, comma);
    const auto kind = secret.substr(0, underscore);
    if (version == "v1" && kind == "whsec") {
        return equal_in_constant_time(hmac_sha256(*key, text), *raw);
    }
    return version == "v1a" && kind == "whpk" && key->size() == 32 &&
           verify_signature(SigningKey::Kind::ed25519, *key, text, *raw);
}

bool is_signed(const ServiceRequest& request, const std::string& secrets) {
    const std::string text = std::string(request.header("webhook-id")) + '.' +
                             std::string(request.header("webhook-timestamp")) + '.' + request.body;
    for (const std::string& signature : split(request.header("webhook-signature"), ' ')) {
        for (const std::string& secret : split(secrets, ',')) {
            if (fits(signature, trim(secret), text)) return true;
        }
    }
    return false;
}

class Receiver final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return service_name; }
    [[nodiscard]] std::string_view title() const override {
        return "Receiver of signed webhooks (Standard Webhooks)";
    }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::webhook; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override {
        return {{"secrets", "whsec_aG9uZ3lhbi1zYW5kYm94LXdlYmhvb2sta2V5LTE=",
                 "What signatures are verified with: whsec_ or whpk_, with commas."},
                {"tolerance_seconds", "300", "How far a time stamp may be from now."},
                {"gone", "/webhooks/gone", "Paths that answer 410, with commas."}};
    }
    [[nodiscard]] SampleAccount sample_account(const World& world) const override {
        const auto secrets = split(world.setting(service_name, "secrets"), ',');
        return {"webhook", boost::json::serialize(object{
                               {"secret", secrets.front()},
                               {"base_url", world.base_url(service_name) + std::string(hook_path)},
                               {"trusted", true}})};
    }
    [[nodiscard]] bool claims(const ServiceRequest& request) const override {
        return request.path == hook_path || request.path.starts_with("/webhooks/");
    }
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World&, std::string_view kind,
                                      const ServiceRequest&) override {
        if (kind == "invalid_recipient") return problem(410, "gone");
        if (kind == "token_expired") return problem(401, "signature does not fit");
        if (kind == "quota") return problem(429, "too many");
        return std::nullopt;
    }

  private:
    /// True if the id came within the last day.
    bool is_repeat(const std::string& id, std::int64_t now_ms);

    Guarded<std::map<std::string, std::int64_t>> seen_ms_;
};

bool Receiver::is_repeat(const std::string& id, std::int64_t now_ms) {
    constexpr std::int64_t day_ms = 86'400'000;
    auto seen = seen_ms_.lock();
    if (seen->size() > most_kept) {
        std::erase_if(*seen, [&](const auto& each) { return each.second <= now_ms - day_ms; });
        if (seen->size() > most_kept) seen->clear();
    }
    auto& at = (*seen)[id];
    const bool repeat = at > now_ms - day_ms;
    at = now_ms;
    return repeat;
}

ServiceReply Receiver::handle(World& world, const ServiceRequest& request) {
    const auto setting = [&](std::string_view key) { return world.setting(service_name, key); };
    for (const std::string& path : split(setting("gone"), ',')) {
        if (request.path == path) return problem(410, "gone");
    }
    if (request.method == "HEAD" || request.method == "GET") return {.body = "{}"};
    if (request.method != "POST") return problem(405, "webhooks come by POST");
    const std::string id(request.header("webhook-id"));
    const auto stamp = parse_int(request.header("webhook-timestamp"));
    if (id.empty() || !stamp || request.header("webhook-signature").empty()) {
        return problem(400, "webhook-id, webhook-timestamp and webhook-signature are needed");
    }
    if (!is_signed(request, setting("secrets"))) return problem(401, "signature does not fit");
    const std::int64_t now_s = world.clock().now_ms() / 1000;
    const auto slack = parse_int(setting("tolerance_seconds")).value_or(300);
    if (*stamp < now_s - slack || *stamp > now_s + slack) return problem(401, "time stamp is off");
    boost::system::error_code failed;
    const auto body = boost::json::parse(request.body, failed);
    const auto* fields = failed ? nullptr : body.if_object();
    const auto* type = fields == nullptr ? nullptr : fields->if_contains("type");
    const auto* data = fields == nullptr ? nullptr : fields->if_contains("data");
    if (type == nullptr || !type->is_string() || data == nullptr ||
        !fields->contains("timestamp")) {
        return problem(400, "the body needs type, timestamp and data");
    }
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = request.path;
    arrival.subject = std::string(type->get_string());
    arrival.content = boost::json::serialize(*data);
    arrival.provider_message_id = id;
    arrival.token = id;
    arrival.raw = request.body;
    arrival.duplicate = is_repeat(id, now_s * 1000);
    world.arrived(std::move(arrival));
    return {.body = R"({"received":true})"};
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<Receiver>()); }

}  // namespace hongyan::universe::webhook
