#include "channel/slack/protocol.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "kit/described.hpp"

namespace hongyan::slack {
namespace {

using Kind = OutcomeClass;

struct Row {
    std::string_view word;
    Kind kind;
};

constexpr std::array rows{
    Row{"invalid_payload", Kind::message_permanent},
    Row{"no_text", Kind::message_permanent},
    Row{"user_not_found", Kind::message_permanent},
    Row{"too_many_attachments", Kind::message_permanent},
    Row{"invalid_blocks", Kind::message_permanent},
    Row{"invalid_blocks_format", Kind::message_permanent},
    Row{"action_prohibited", Kind::configuration},
    Row{"posting_to_general_channel_denied", Kind::configuration},
    Row{"invalid_token", Kind::configuration},
    Row{"channel_not_found", Kind::configuration},
    Row{"no_service", Kind::configuration},
    Row{"no_service_id", Kind::configuration},
    Row{"no_team", Kind::configuration},
    Row{"team_disabled", Kind::configuration},
    Row{"no_active_hooks", Kind::configuration},
    Row{"channel_is_archived", Kind::configuration},
    Row{"rollup_error", Kind::transient},
};

/// The error's word, if the answer is one: it stands alone in the body.
std::string_view word_of(const OutboundReply& reply) {
    constexpr std::size_t longest = 100;
    const auto word = trim(reply.body);
    const bool plain = word.size() <= longest && std::all_of(word.begin(), word.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || c == '_';
                       });
    return plain ? word : std::string_view();
}

Outcome judge_reply(const OutboundReply& reply) {
    const std::int64_t answered_ms = reply.started_ms + reply.duration_us / 1000;
    const auto word = word_of(reply);
    Outcome outcome;
    outcome.code = word.empty() ? "HTTP " + std::to_string(reply.status) : std::string(word);
    outcome.detail =
        "Slack answered HTTP " + std::to_string(reply.status) + " " + std::string(word) + ".";
    outcome.kind = kit::class_of_status(reply.status);
    if (reply.status == 404 || reply.status == 410) outcome.kind = Kind::configuration;
    if (outcome.kind == Kind::accepted) {
        // Whatever else comes with 200 is not Slack's word that the message was taken.
        if (word != "ok") outcome.kind = Kind::unknown;
        return outcome;
    }
    const auto row =
        std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.word == word; });
    if (row != rows.end()) outcome.kind = row->kind;
    if (reply.status == 429) outcome.kind = Kind::rate_limited;
    outcome.retry_after_ms = kit::retry_after_ms(reply.header("retry-after"), answered_ms);
    return outcome;
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else {
            out += c;
        }
    }
    return out;
}

std::optional<std::string> read_label(std::string_view recipient) {
    constexpr std::size_t longest_label = 80;
    if (recipient == "robot") return "";
    if (recipient.starts_with("robot:")) {
        recipient.remove_prefix(6);
    } else if (recipient.starts_with('#')) {
        recipient.remove_prefix(1);
    }
    const bool clean = std::all_of(recipient.begin(), recipient.end(), [](char c) {
        return static_cast<unsigned char>(c) > ' ' && c != 127 && c != ':' && c != '#' && c != '@';
    });
    if (recipient.empty() || recipient.size() > longest_label || !clean) return std::nullopt;
    return std::string(recipient);
}

std::string body_of(const Message& message, const Options& options) {
    std::string text;
    if (!message.subject.empty()) {
        text = options.mrkdwn ? message.subject : "*" + escaped(message.subject) + "*";
        if (!message.content.empty()) text += "\n";
    }
    text += options.mrkdwn ? message.content : escaped(message.content);
    std::string body = R"({"text":)" + json_quoted(text);
    if (!options.blocks.empty()) body += R"(,"blocks":)" + options.blocks;
    if (!options.attachments.empty()) body += R"(,"attachments":)" + options.attachments;
    if (!options.thread_ts.empty()) body += R"(,"thread_ts":)" + json_quoted(options.thread_ts);
    return body + R"(,"unfurl_links":)" + (options.unfurl_links ? "true" : "false") + "}";
}

OutboundRequest SlackProtocol::post(std::string body) const {
    OutboundRequest request;
    request.url = settings_.webhook_url;
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = std::move(body);
    request.connect_timeout = Millis(settings_.connect_timeout_ms);
    request.timeout = Millis(settings_.timeout_ms);
    request.ca_file = settings_.ca_file;
    return request;
}

Result<OutboundRequest> SlackProtocol::request(const Message& message, const kit::SendContext&) {
    const auto label = read_label(message.recipient);
    if (!label) return make_error(ErrorCode::recipient_invalid, "The recipient is no channel.");
    if (!label->empty() && !settings_.label.empty() && *label != settings_.label) {
        return make_error(
            ErrorCode::recipient_invalid,
            "This account is the webhook of another channel than the message is for.");
    }
    auto options = kit::read_described<Options>(kit::options_section(message.options, "slack"),
                                                "$.options.slack");
    if (!options) return options.error();
    const std::size_t length = utf8_length(message.subject) + utf8_length(message.content);
    if (length > static_cast<std::size_t>(settings_.max_text_characters)) {
        return make_error(ErrorCode::content_invalid,
                          "The text has " + std::to_string(length) +
                              " characters; Slack would cut it after " +
                              std::to_string(settings_.max_text_characters) + ".");
    }
    return post(body_of(message, *options));
}

Outcome SlackProtocol::judge(const Message&, const OutboundReply& reply) {
    return judge_reply(reply);
}

std::optional<OutboundRequest> SlackProtocol::test_request(const kit::SendContext&) {
    return post("{}");
}

AccountTest SlackProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    test.duration_ms = reply.duration_us / 1000;
    if (reply.end != CallEnd::answered) {
        test.detail = "No answer from the webhook's address: " + reply.detail;
        return test;
    }
    const Outcome outcome = judge_reply(reply);
    // The complaint about the missing text comes from a webhook that is there.
    test.ok = outcome.kind == Kind::message_permanent;
    test.detail = "An empty message was answered " + outcome.code + ".";
    return test;
}

}  // namespace hongyan::slack
