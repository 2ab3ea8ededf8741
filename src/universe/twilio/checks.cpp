#include "universe/twilio/checks.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::universe::twilio {
namespace {

constexpr std::size_t longest_body = 1'600;
constexpr std::size_t most_media = 10;
constexpr std::int64_t longest_validity = 36'000;

bool is_e164(std::string_view text) {
    if (!text.starts_with('+') || text.size() < 8 || text.size() > 16 || text[1] == '0')
        return false;
    return std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::size_t count_of(const Fields& form, std::string_view name) {
    return static_cast<std::size_t>(std::count_if(
        form.begin(), form.end(), [&](const auto& field) { return field.first == name; }));
}

std::optional<Refusal> bad_recipient(const World& world, const std::string& to) {
    if (to.empty()) return Refusal{400, 21604, "A 'To' phone number is required."};
    if (!is_e164(to)) return Refusal{400, 21211, "Invalid 'To' Phone Number: " + to};
    if (is_listed(world.setting("twilio", "unsubscribed"), to)) {
        return Refusal{400, 21610, "Attempt to send to unsubscribed recipient"};
    }
    if (is_listed(world.setting("twilio", "landlines"), to)) {
        return Refusal{400, 21614, "'To' number is not a valid mobile number"};
    }
    for (const std::string& prefix : split(world.setting("twilio", "closed_regions"), ',')) {
        if (!prefix.empty() && to.starts_with(trim(prefix))) {
            return Refusal{400, 21408,
                           "Permission to send an SMS has not been enabled for the region "
                           "indicated by the 'To' number: " +
                               to};
        }
    }
    return std::nullopt;
}

std::optional<Refusal> bad_sender(const World& world, const Fields& form) {
    const std::string from = field_of(form, "From");
    const std::string service = field_of(form, "MessagingServiceSid");
    if (from.empty() && service.empty()) {
        return Refusal{400, 21603, "A 'From' phone number is required."};
    }
    if (!service.empty() && !is_listed(world.setting("twilio", "messaging_services"), service)) {
        return Refusal{400, 21705, "The Messaging Service Sid " + service + " is invalid."};
    }
    if (!from.empty() && !is_listed(world.setting("twilio", "from_numbers"), from)) {
        const bool number = is_e164(from);
        return Refusal{400, number ? 21606 : 21212,
                       "The 'From' " + from +
                           " is not a valid, message-capable sender of this "
                           "account."};
    }
    return std::nullopt;
}

std::optional<Refusal> bad_content(const Fields& form) {
    const std::string body = field_of(form, "Body");
    const std::size_t media = count_of(form, "MediaUrl");
    if (body.empty() && media == 0 && field_of(form, "ContentSid").empty()) {
        return Refusal{400, 21602, "Message body is required."};
    }
    if (utf8_length(body) > longest_body) {
        return Refusal{400, 21617,
                       "The concatenated message body exceeds the 1600 character limit"};
    }
    if (media > most_media)
        return Refusal{400, 21623, "Number of media files exceeds allowed limit"};
    return std::nullopt;
}

std::optional<Refusal> bad_terms(const Fields& form) {
    const std::string period = field_of(form, "ValidityPeriod");
    const auto seconds = period.empty() ? std::optional<std::int64_t>(1) : parse_int(period);
    if (!seconds || *seconds < 1 || *seconds > longest_validity) {
        return Refusal{400, 21625, "The ValidityPeriod must be between 1 and 36000."};
    }
    const std::string url = field_of(form, "StatusCallback");
    if (url.empty()) return std::nullopt;
    const auto scheme = url.find("://");
    const auto start = scheme == std::string::npos ? 0 : scheme + 3;
    const std::string host = url.substr(start, url.find_first_of("/?:", start) - start);
    const bool web = url.starts_with("http://") || url.starts_with("https://");
    if (!web || host.empty() || host.find('_') != std::string::npos) {
        return Refusal{400, 21609, "The 'StatusCallback' URL " + url + " is not a valid URL."};
    }
    return std::nullopt;
}

}  // namespace

ServiceReply refused(const Refusal& refusal) {
    ServiceReply reply;
    reply.status = refusal.status;
    const std::string code = std::to_string(refusal.code);
    reply.body = R"({"code":)" + code + R"(,"message":)" + json_quoted(refusal.message) +
                 R"(,"more_info":"https://www.twilio.com/docs/errors/)" + code + R"(","status":)" +
                 std::to_string(refusal.status) + "}";
    return reply;
}

std::string field_of(const Fields& fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const auto& field) { return field.first == name; });
    return found == fields.end() ? "" : found->second;
}

bool is_listed(std::string_view setting, std::string_view word) {
    const auto words = split(setting, ',');
    return std::any_of(words.begin(), words.end(), [&](const std::string& listed) {
        return trim(listed) == word || trim(listed) == "*";
    });
}

std::optional<Refusal> refusal_of(const World& world, const Fields& form) {
    if (auto refusal = bad_recipient(world, field_of(form, "To"))) return refusal;
    if (auto refusal = bad_sender(world, form)) return refusal;
    if (auto refusal = bad_content(form)) return refusal;
    return bad_terms(form);
}

}  // namespace hongyan::universe::twilio
