#include "channel/slack/settings.hpp"

#include <algorithm>

namespace hongyan::slack {
namespace {

using shape::field;

std::optional<std::string> check_url(std::string_view url) {
    const bool web = url.starts_with("https://") || url.starts_with("http://");
    const auto host = url.substr(std::min(url.size(), url.find("://") + 3));
    const bool clean =
        std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127 && c != '#'; });
    if (web && clean && !host.empty() && host.front() != '/') return std::nullopt;
    return "must be an absolute http or https address";
}

std::optional<std::string> check_thread(std::string_view ts) {
    const bool fits = std::all_of(ts.begin(), ts.end(),
                                  [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    if (fits) return std::nullopt;
    return "must be a time stamp of Slack's, like 1503435956.000247";
}

/// The members are kept as JSON text; what they begin with tells whether they are lists.
void check_lists(const Options& o, shape::Problems& problems) {
    const auto need_list = [&](const std::string& json, std::string_view name) {
        if (!json.empty() && json.front() != '[') problems.add(name, "type", "must be a list");
    };
    need_list(o.blocks, "blocks");
    need_list(o.attachments, "attachments");
}

shape::Object described_settings() {
    return shape::object<Settings>(
        "SlackSettings", "An incoming webhook of Slack.",
        field("webhook_url", &Settings::webhook_url,
              "The webhook's address as Slack shows it; whoever knows it can write to the channel.")
            .required()
            .format("uri")
            .check(check_url)
            .example("https://hooks.slack.com/services/T0/B0/secret"),
        field("label", &Settings::label,
              "The channel's name; if set, recipients with another name are refused.")
            .length(0, 80)
            .example("ops"),
        field("max_text_characters", &Settings::max_text_characters,
              "Longest text; Slack would cut longer ones, so they fail unsent.")
            .between(1, 100'000)
            .default_value(40'000),
        field("connect_timeout_ms", &Settings::connect_timeout_ms,
              "Longest wait for a connection, in milliseconds.")
            .between(100, 60'000)
            .default_value(3'000),
        field("timeout_ms", &Settings::timeout_ms, "Longest wait for an answer, in milliseconds.")
            .between(1'000, 120'000)
            .default_value(10'000),
        field("ca_file", &Settings::ca_file,
              "PEM file of the authorities to trust instead of the system's."));
}

shape::Object described_options() {
    return shape::object<Options>(
               "SlackOptions", "What only Slack understands of a message.",
               field("blocks", &Options::blocks,
                     "A list of blocks of Block Kit; the text is what notifications show then.")
                   .raw_json()
                   .example_json(
                       R"([{"type":"section","text":{"type":"mrkdwn","text":"*Hello*"}}])"),
               field("attachments", &Options::attachments, "A list of (older) attachments.")
                   .raw_json(),
               field("mrkdwn", &Options::mrkdwn,
                     "Whether subject and content are Slack's mark-up and are sent as they stand; "
                     "else &, < and > in them are written so that nothing in them is a link or a "
                     "call to a person.")
                   .default_value(false),
               field("unfurl_links", &Options::unfurl_links, "Whether links show a preview.")
                   .default_value(false),
               field("thread_ts", &Options::thread_ts, "The message to answer in a thread.")
                   .length(0, 32)
                   .check(check_thread))
        .rule<Options>(check_lists);
}

}  // namespace

const shape::Object& describe(shape::Tag<Settings>) {
    static const shape::Object object = described_settings();
    return object;
}

const shape::Object& describe(shape::Tag<Options>) {
    static const shape::Object object = described_options();
    return object;
}

}  // namespace hongyan::slack
