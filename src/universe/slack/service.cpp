#include "universe/slack/service.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <deque>
#include <map>

#include "base/guarded.hpp"
#include "base/text.hpp"
#include "universe/core/request_names.hpp"

namespace hongyan::universe::slack {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "slack";
constexpr std::string_view hook_path = "/services/";

/// Slack's errors are bare words.
ServiceReply word(int status, std::string_view text) {
    return {.status = status, .content_type = "text/html", .body = std::string(text)};
}

ServiceReply too_fast(std::int64_t seconds) {
    ServiceReply reply = word(429, "rate_limited");
    reply.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, seconds)));
    return reply;
}

bool is_listed(const std::string& list, std::string_view path) {
    const auto words = split(list, ',');
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& each) { return trim(each) == path; });
}

std::string_view text_of(const object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

/// The JSON of a request: the body itself, or the field payload of a form.
std::string payload_of(const ServiceRequest& request) {
    if (request.header("content-type").find("application/x-www-form-urlencoded") ==
        std::string_view::npos) {
        return request.body;
    }
    for (auto& [name, value] : form_pairs(request.body)) {
        if (name == "payload") return value;
    }
    return "";
}

/// What people see: Slack turns its three entities back.
std::string shown_text(std::string_view text) {
    std::string out(text);
    for (const auto& [entity, plain] :
         {std::pair<std::string_view, char>{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}}) {
        for (auto at = out.find(entity); at != out.npos; at = out.find(entity, at + 1)) {
            out.replace(at, entity.size(), 1, plain);
        }
    }
    return out;
}

bool is_good_list(const object& body, std::string_view key, std::size_t most) {
    const auto* found = body.if_contains(key);
    if (found == nullptr) return true;
    const auto* list = found->if_array();
    return list != nullptr && list->size() <= most &&
           std::all_of(list->begin(), list->end(),
                       [](const auto& each) { return each.is_object(); });
}

class Slack final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return service_name; }
    [[nodiscard]] std::string_view title() const override { return "Slack incoming webhook"; }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::slack; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override {
        return {{"webhooks", "T00000000/B00000000/hongyan",
                 "What stands behind /services/ in the addresses there are, with commas."},
                {"archived", "T00000000/B00000001/archived",
                 "The same for webhooks of archived channels."},
                {"rate_per_minute", "60", "Messages a webhook takes in a minute; 0 = any number."}};
    }
    [[nodiscard]] SampleAccount sample_account(const World& world) const override {
        const auto paths = split(world.setting(service_name, "webhooks"), ',');
        const std::string url =
            world.base_url(service_name) + std::string(hook_path) + paths.front();
        return {"slack", boost::json::serialize(object{{"webhook_url", url}})};
    }
    [[nodiscard]] bool claims(const ServiceRequest& request) const override {
        return request.path.starts_with(hook_path);
    }
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    /// 0 if the webhook may take one more, else after how many milliseconds.
    std::int64_t wait_ms(const World& world, const std::string& path);

    Guarded<std::map<std::string, std::deque<std::int64_t>>> seen_;
};

std::int64_t Slack::wait_ms(const World& world, const std::string& path) {
    const auto most = parse_int(world.setting(service_name, "rate_per_minute")).value_or(0);
    const std::int64_t now_ms = world.clock().now_ms();
    if (most <= 0) return 0;
    auto seen = seen_.lock();
    auto& times = (*seen)[path];  // only of webhooks that are in the settings
    while (!times.empty() && times.front() <= now_ms - 60'000) times.pop_front();
    if (times.size() >= static_cast<std::size_t>(most)) return times.front() + 60'000 - now_ms;
    times.push_back(now_ms);
    return 0;
}

ServiceReply Slack::handle(World& world, const ServiceRequest& request) {
    if (!claims(request)) return word(404, "no_team");
    if (request.method != "POST") return word(400, "invalid_payload");
    const std::string path = request.path.substr(hook_path.size());
    if (is_listed(world.setting(service_name, "archived"), path)) {
        return word(410, "channel_is_archived");
    }
    if (!is_listed(world.setting(service_name, "webhooks"), path)) {
        const std::string list = world.setting(service_name, "webhooks");
        const auto team = path.substr(0, path.find('/'));
        const bool known_team = list.find(team + "/") != std::string::npos;
        const auto hook = path.substr(0, path.rfind('/'));
        if (known_team && list.find(hook + "/") != std::string::npos) {
            return word(403, "invalid_token");
        }
        return word(404, known_team ? "no_service" : "no_team");
    }
    boost::system::error_code failed;
    const auto parsed = boost::json::parse(payload_of(request), failed);
    if (failed || !parsed.is_object()) return word(400, "invalid_payload");
    const object& body = parsed.get_object();
    if (!is_good_list(body, "blocks", 50)) return word(400, "invalid_blocks");
    if (!is_good_list(body, "attachments", 100)) return word(400, "too_many_attachments");
    const auto text = text_of(body, "text");
    if (text.empty() && !body.contains("blocks") && !body.contains("attachments")) {
        return word(400, "no_text");
    }
    if (const auto wait = wait_ms(world, path); wait > 0) return too_fast((wait + 999) / 1000);
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = channel();
    arrival.recipient = path;
    arrival.sender = std::string(text_of(body, "username"));
    arrival.content = shown_text(text);
    object detail;
    if (const auto* blocks = body.if_contains("blocks")) detail["blocks"] = *blocks;
    arrival.detail = boost::json::serialize(detail);
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
    return word(200, "ok");
}

std::optional<ServiceReply> Slack::fault(World&, std::string_view kind, const ServiceRequest&) {
    if (kind == "rate_limited" || kind == "quota") return too_fast(1);
    if (kind == "server_error") return word(500, "rollup_error");
    if (kind == "invalid_recipient") return word(404, "channel_not_found");
    if (kind == "token_expired") return word(403, "invalid_token");
    // Not a thing Slack does, but proxies in front of it: a page in place of the word.
    if (kind == "error_in_body") return word(200, "<html>Service unavailable</html>");
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<Slack>()); }

}  // namespace hongyan::universe::slack
