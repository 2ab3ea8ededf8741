#include "universe/twilio/service.hpp"

#include <array>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "universe/core/receipts.hpp"
#include "universe/core/request_names.hpp"
#include "universe/twilio/checks.hpp"
#include "universe/twilio/signature.hpp"

namespace hongyan::universe::twilio {
namespace {

constexpr std::string_view accounts_path = "/2010-04-01/Accounts/";
constexpr int callback_tries = 4;
constexpr int failure_code = 30005;

/// The codes that the service has for the faults of a chaos script.
struct FaultRow {
    std::string_view kind;
    int status;
    int code;
    std::string_view message;
};
constexpr std::array fault_table = std::to_array<FaultRow>({
    {"rate_limited", 429, 20429, "Too Many Requests"},
    {"server_error", 500, 20500, "Internal Server Error"},
    {"token_expired", 401, 20003, "Authenticate"},
    {"quota", 400, 21611, "This 'From' number has exceeded the maximum number of queued messages"},
    {"invalid_recipient", 400, 21211, "Invalid 'To' Phone Number"},
});

class TwilioService final : public HttpService {
  public:
    [[nodiscard]] std::string_view name() const override { return "twilio"; }
    [[nodiscard]] std::string_view title() const override { return "Twilio"; }
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::sms; }
    [[nodiscard]] std::vector<ServiceSetting> settings() const override;
    [[nodiscard]] SampleAccount sample_account(const World& world) const override;
    [[nodiscard]] bool claims(const ServiceRequest& request) const override {
        return request.path.starts_with(accounts_path);
    }
    ServiceReply handle(World& world, const ServiceRequest& request) override;
    std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                      const ServiceRequest& request) override;

  private:
    ServiceReply create(World& world, const ServiceRequest& request);
    ServiceReply list(const ServiceRequest& request);
    void follow(World& world, const TwilioMessage& message);
    void call_back_later(World& world, const ReceiptFate& fate, const TwilioMessage& message);

    Messages messages_;
};

std::vector<ServiceSetting> TwilioService::settings() const {
    return {
        {"account_sid", "AC00000000000000000000000000000000", "The one account."},
        {"auth_token", "sandbox-auth-token-0000000000000", "Its Auth Token."},
        {"api_key_sid", "SK00000000000000000000000000000000", "Its one API key."},
        {"api_key_secret", "sandbox-api-key-secret-000000000", "The API key's secret."},
        {"from_numbers", "+15005550006,Hongyan", "Its senders, with commas between; * allows all."},
        {"messaging_services", "MG00000000000000000000000000000000",
         "Its Messaging Services, with commas between."},
        {"unsubscribed", "", "Numbers that have sent STOP (21610)."},
        {"landlines", "", "Numbers that take no text messages (21614)."},
        {"closed_regions", "", "Beginnings of numbers that are not enabled (21408), e.g. +7."},
    };
}

HttpService::SampleAccount TwilioService::sample_account(const World& world) const {
    return {"twilio", R"({"account_sid":)" + json_quoted(world.setting("twilio", "account_sid")) +
                          R"(,"auth_token":)" + json_quoted(world.setting("twilio", "auth_token")) +
                          R"(,"from":"+15005550006","endpoint":)" +
                          json_quoted(world.base_url("twilio")) + "}"};
}

/// True for "AccountSid:AuthToken" or "ApiKeySid:ApiKeySecret".
bool is_authorized(const World& world, std::string_view header) {
    if (!equals_ignoring_case(header.substr(0, 6), "Basic ")) return false;
    const auto given = from_base64(trim(header.substr(6)));
    if (!given) return false;
    const auto pair = [&](std::string_view user, std::string_view password) {
        return world.setting("twilio", user) + ":" + world.setting("twilio", password);
    };
    return equal_in_constant_time(*given, pair("account_sid", "auth_token")) ||
           equal_in_constant_time(*given, pair("api_key_sid", "api_key_secret"));
}

ServiceReply ok(int status, std::string body) {
    ServiceReply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

ServiceReply not_found(const ServiceRequest& request) {
    return refused({404, 20404, "The requested resource " + request.path + " was not found"});
}

ServiceReply TwilioService::handle(World& world, const ServiceRequest& request) {
    if (!is_authorized(world, request.header("authorization"))) {
        auto reply = refused({401, 20003, "Authenticate"});
        reply.headers.emplace_back("WWW-Authenticate", R"(Basic realm="Twilio API")");
        return reply;
    }
    const std::string account = std::string(accounts_path) + world.setting("twilio", "account_sid");
    if (!request.path.starts_with(account)) return not_found(request);
    const std::string rest = request.path.substr(account.size());
    if (rest == ".json" && request.method == "GET") {
        return ok(200, R"({"sid":)" + json_quoted(world.setting("twilio", "account_sid")) +
                           R"(,"status":"active","type":"Full","friendly_name":"Sandbox"})");
    }
    if (rest == "/Messages.json" && request.method == "POST") return create(world, request);
    if (rest == "/Messages.json" && request.method == "GET") return list(request);
    constexpr std::string_view folder = "/Messages/";
    if (rest.starts_with(folder) && rest.ends_with(".json") && request.method == "GET") {
        const std::string sid = rest.substr(folder.size(), rest.size() - folder.size() - 5);
        if (const auto message = messages_.find(sid)) return ok(200, json_of(*message));
    }
    return not_found(request);
}

ServiceReply TwilioService::list(const ServiceRequest& request) {
    const Fields query = form_pairs(request.query);
    const auto limit = parse_int(field_of(query, "PageSize")).value_or(50);
    if (limit < 1 || limit > 1000) return refused({400, 20001, "PageSize must be 1 to 1000."});
    std::string items;
    for (const TwilioMessage& message : messages_.list(
             field_of(query, "To"), field_of(query, "From"), static_cast<std::size_t>(limit))) {
        items += (items.empty() ? "" : ",") + json_of(message);
    }
    return ok(200, R"({"messages":[)" + items + R"(],"page":0,"page_size":)" +
                       std::to_string(limit) +
                       R"(,"start":0,"first_page_uri":"","next_page_uri":null,)"
                       R"("previous_page_uri":null,"uri":""})");
}

/// The number as 32 hexadecimal digits, as in the ids that Twilio gives.
std::string new_sid(std::string_view kind, std::uint64_t number) {
    const std::string digest = sha256("twilio" + std::to_string(number));
    return std::string(kind) + to_hex(digest.substr(0, 16));
}

ServiceReply TwilioService::create(World& world, const ServiceRequest& request) {
    const Fields form = form_pairs(request.body);
    if (auto refusal = refusal_of(world, form)) return refused(*refusal);
    TwilioMessage message;
    for (const auto& [name, value] : form) message.media += name == "MediaUrl" ? 1 : 0;
    message.sid = new_sid(message.media > 0 ? "MM" : "SM", world.next_number());
    message.account_sid = world.setting("twilio", "account_sid");
    message.to = field_of(form, "To");
    message.from = field_of(form, "From");
    message.messaging_service_sid = field_of(form, "MessagingServiceSid");
    message.body = field_of(form, "Body");
    // A Messaging Service chooses its number only afterwards.
    if (message.from.empty()) message.status = "accepted";
    message.status_callback = field_of(form, "StatusCallback");
    message.created_ms = message.updated_ms = world.clock().now_ms();
    messages_.add(message);
    Arrival arrival;
    arrival.service = "twilio";
    arrival.channel = ChannelKind::sms;
    arrival.recipient = message.to;
    arrival.sender = message.from.empty() ? message.messaging_service_sid : message.from;
    arrival.content = message.body;
    arrival.provider_message_id = message.sid;
    arrival.token =
        field_of(form_pairs(message.status_callback.substr(std::min(
                     message.status_callback.find('?') + 1, message.status_callback.size()))),
                 "message");
    arrival.detail = R"({"segments":)" + std::to_string(segments_of(message.body)) +
                     R"(,"status_callback":)" + json_quoted(message.status_callback) + "}";
    arrival.raw = request.body;
    world.arrived(std::move(arrival));
    follow(world, message);
    return ok(201, json_of(message));
}

void TwilioService::call_back_later(World& world, const ReceiptFate& fate,
                                    const TwilioMessage& message) {
    send_receipt(
        world, fate,
        [&world, message](const ReceiptForm& form) {
            OutboundRequest request;
            request.url = message.status_callback;
            if (request.url.empty()) return request;
            const Fields fields = callback_fields(message);
            const std::string key = form.forged ? "forged" : world.setting("twilio", "auth_token");
            request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                               {"X-Twilio-Signature", sign_callback(key, request.url, fields)},
                               {"I-Twilio-Idempotency-Token", to_hex(random_bytes(16))},
                               {"User-Agent", "TwilioProxy/1.1"}};
            request.body = write_form(fields);
            return request;
        },
        callback_tries);
}

/// sent after half of the time, then delivered or undelivered; both for the callback and for who
/// fetches the message.
void TwilioService::follow(World& world, const TwilioMessage& message) {
    ReceiptFate last = world.draw_receipt("twilio", message.to);
    ReceiptFate first = last;
    first.delay = last.delay / 2;
    first.forged = false;
    TwilioMessage sent = message;
    sent.status = "sent";
    TwilioMessage done = message;
    done.status = last.fails ? "undelivered" : "delivered";
    done.error_code = last.fails ? failure_code : 0;
    for (const auto& [state, fate] : {std::pair(sent, first), std::pair(done, last)}) {
        const Millis pause = fate.early ? Millis(0) : fate.delay;
        world.later(pause, [this, &world, held = state] {
            (void)messages_.update(held.sid, held.status, held.error_code, world.clock().now_ms());
        });
        call_back_later(world, fate, state);
    }
}

std::optional<ServiceReply> TwilioService::fault(World&, std::string_view kind,
                                                 const ServiceRequest&) {
    for (const FaultRow& row : fault_table) {
        if (row.kind == kind) return refused({row.status, row.code, std::string(row.message)});
    }
    return std::nullopt;
}

}  // namespace

void add_services(ServiceList& list) { list.http.push_back(std::make_unique<TwilioService>()); }

}  // namespace hongyan::universe::twilio
