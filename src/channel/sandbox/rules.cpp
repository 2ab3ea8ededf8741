#include "channel/sandbox/rules.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "channel/sandbox/steering.hpp"

namespace hongyan::sandbox {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::string_view word_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view digits = "0123456789";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool consists_of(std::string_view text, std::string_view a, std::string_view b = {}) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
        return a.find(c) != std::string_view::npos || b.find(c) != std::string_view::npos;
    });
}

bool is_printable(std::string_view text) {
    return !text.empty() && std::none_of(text.begin(), text.end(), is_control) &&
           trim(text).size() == text.size() && is_utf8(text);
}

bool is_phone(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    return text.size() >= 5 && text.size() <= 20 && consists_of(text, digits);
}

bool is_label(std::string_view label) {
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           consists_of(label, word_characters, "-");
}

bool is_domain(std::string_view domain) {
    if (domain.empty() || domain.size() > 253) return false;
    while (true) {
        const std::size_t dot = domain.find('.');
        if (!is_label(domain.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        domain.remove_prefix(dot + 1);
    }
}

/// The addr-spec of RFC 5322 as it is used: no quotes, comments, address literals or names around
/// it.
bool is_email(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || text.size() > 254) return false;
    const std::string_view local = text.substr(0, at);
    return !local.empty() && local.size() <= 64 && local.front() != '.' && local.back() != '.' &&
           local.find("..") == std::string_view::npos &&
           consists_of(local, word_characters, ".!#$%&'*+/=?^_`{|}~-") &&
           is_domain(text.substr(at + 1));
}

bool is_openid(std::string_view text) {
    return !text.empty() && consists_of(text, word_characters, "_-");
}

bool is_feishu_target(std::string_view text) {
    return text.find('@') != std::string_view::npos ? is_email(text) : is_printable(text);
}

constexpr std::array<ChannelRule, 5> first_rules{{
    {ChannelKind::sms, 256, is_phone, R"(^\+?[0-9]{5,20}$)",
     "a phone number: 5 to 20 digits, with + in front if international", 0, 8000, 2000, false},
    {ChannelKind::email, 254, is_email, R"(^[^\s@]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$)",
     "a bare e-mail address such as name@example.com", 998, 1024 * kib, 0, true},
    {ChannelKind::app, 256, is_printable, R"(^\S(.*\S)?$)",
     "a device token or alias of 1 to 256 printable bytes", 256, 4 * kib, 0, false},
    {ChannelKind::wechat, 128, is_openid, R"(^[A-Za-z0-9_-]{1,128}$)",
     "an openid: 1 to 128 letters, digits, _ or -", 256, 20 * kib, 0, false},
    {ChannelKind::feishu, 256, is_feishu_target, R"(^\S(.*\S)?$)",
     "an open_id, chat_id, webhook name or e-mail address of 1 to 256 printable bytes", 256,
     20 * kib, 0, false},
}};

/// Of all other kinds: their own folder checks closely once there is an account.
constexpr ChannelRule other_rule(ChannelKind channel) {
    return {channel,  2048, is_printable, R"(^\S(.*\S)?$)", "1 to 2048 printable bytes", 256,
            64 * kib, 0,    false};
}

constexpr std::array<ChannelRule, channel_names.size()> all_rules() {
    std::array<ChannelRule, channel_names.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = i < first_rules.size() ? first_rules[i] : other_rule(static_cast<ChannelKind>(i));
    }
    return all;
}

constexpr auto rules = all_rules();

class Problems {
  public:
    void add(const char* path, const char* code, std::string detail) {
        all_.push_back({path, code, std::move(detail)});
    }
    void check_size(const char* path, std::string_view text, std::size_t max) {
        if (text.size() <= max) return;
        add(path, "too_long",
            "has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(max) +
                " are possible");
    }
    [[nodiscard]] std::vector<Problem> take() { return std::move(all_); }

  private:
    std::vector<Problem> all_;
};

void check_recipient(const ChannelRule& rule, std::string_view recipient, Problems& problems) {
    if (recipient.empty()) {
        problems.add("$.recipient", "required", "must be " + std::string(rule.expected));
        return;
    }
    // The words that steer the sandbox are possible on every channel, phone numbers included.
    const bool ok =
        rule.recipient_ok(recipient) || (is_printable(recipient) && steering_of(recipient));
    if (recipient.size() <= rule.max_recipient && ok) return;
    problems.add("$.recipient", "format", "must be " + std::string(rule.expected));
}

void check_subject(const ChannelRule& rule, std::string_view subject, Problems& problems) {
    if (rule.max_subject == 0) return;
    problems.check_size("$.subject", subject, rule.max_subject);
    if (std::any_of(subject.begin(), subject.end(), is_control)) {
        problems.add("$.subject", "format", "must be one line without control characters");
    }
}

void check_text(const ChannelRule& rule, const Content& content, Problems& problems) {
    const bool has_html = rule.html && !content.html.empty();
    if (content.content.empty() && !has_html) {
        problems.add("$.content", "required", "must not be empty");
    }
    problems.check_size("$.content", content.content, rule.max_content);
    const std::size_t length = rule.max_characters != 0 ? utf8_length(content.content) : 0;
    if (length > rule.max_characters && content.content.size() <= rule.max_content) {
        problems.add("$.content", "too_long",
                     "has " + std::to_string(length) + " characters, at most " +
                         std::to_string(rule.max_characters) + " are possible");
    }
    if (rule.html) problems.check_size("$.html", content.html, rule.max_content);
    if (!rule.html && !content.html.empty()) {
        problems.add("$.html", "not_allowed", "this channel has no HTML part");
    }
}

std::string text_shape(std::size_t max_length, std::string_view more = {}) {
    return R"({"type":"string","maxLength":)" + std::to_string(max_length) + std::string(more) +
           "}";
}

}  // namespace

const ChannelRule& rule_of(ChannelKind channel) {
    const ChannelRule& rule = rules.at(static_cast<std::size_t>(channel));
    HY_ASSERT(rule.channel == channel);
    return rule;
}

std::vector<Problem> check_by(const ChannelRule& rule, std::string_view recipient,
                              const Content& content) {
    Problems problems;
    check_recipient(rule, recipient, problems);
    check_subject(rule, content.subject, problems);
    check_text(rule, content, problems);
    return problems.take();
}

ChannelLimits limits_of(const ChannelRule& rule) {
    ChannelLimits limits;
    limits.max_recipient = rule.max_recipient;
    limits.max_subject = rule.max_subject;
    limits.max_content = rule.max_content;
    limits.batch = 256;
    limits.max_in_flight = 10'000;
    return limits;
}

ChannelShapes shapes_of(const ChannelRule& rule) {
    ChannelShapes shapes;
    shapes.settings = R"({"type":"object","properties":{},"additionalProperties":false})";
    shapes.recipient =
        text_shape(rule.max_recipient, R"(,"minLength":1,"pattern":)" + json_quoted(rule.pattern) +
                                           R"(,"description":)" + json_quoted(rule.expected));
    const std::size_t length = rule.max_characters != 0 ? rule.max_characters : rule.max_content;
    shapes.content = R"({"type":"object","properties":{)";
    if (rule.max_subject != 0)
        shapes.content += R"("subject":)" + text_shape(rule.max_subject) + ",";
    shapes.content += R"("content":)" + text_shape(length);
    if (rule.html) shapes.content += R"(,"html":)" + text_shape(length);
    shapes.content += "}" + std::string(rule.html ? "" : R"(,"required":["content"])") + "}";
    return shapes;
}

}  // namespace hongyan::sandbox
