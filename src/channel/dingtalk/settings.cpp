#include "channel/dingtalk/settings.hpp"

#include <algorithm>

namespace hongyan::dingtalk {
namespace {

using shape::field;

std::optional<std::string> check_endpoint(std::string_view url) {
    const bool web = url.starts_with("https://") || url.starts_with("http://");
    const auto host = url.substr(std::min(url.size(), url.find("://") + 3));
    const bool clean = std::all_of(
        url.begin(), url.end(), [](char c) { return c > ' ' && c < 127 && c != '#' && c != '?'; });
    if (web && clean && !host.empty() && host.front() != '/') return std::nullopt;
    return "must be an absolute http or https address without a query";
}

shape::Object described_settings() {
    return shape::object<Settings>(
        "DingtalkSettings", "A custom robot of a DingTalk group.",
        field("access_token", &Settings::access_token,
              "The access_token in the robot's address; whoever knows it can write to the group.")
            .required()
            .length(1, 256),
        field("secret", &Settings::secret,
              "The key of the signature (SEC...), if the robot asks for one.")
            .length(0, 256),
        field("endpoint", &Settings::endpoint, "Where the service is reached.")
            .format("uri")
            .check(check_endpoint)
            .default_value("https://oapi.dingtalk.com"),
        field("label", &Settings::label,
              "The group's name; if set, recipients robot:NAME with another name are refused.")
            .length(0, 64)
            .example("ops"),
        field("max_body_bytes", &Settings::max_body_bytes,
              "Longest request that the robot takes; longer messages fail unsent.")
            .between(1'024, 1 << 20)
            .default_value(20'000),
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

void check_type(const Options& o, shape::Problems& problems) {
    const auto need = [&](bool missing, std::string_view name) {
        if (missing) problems.add(name, "required", "must be given with this msg_type");
    };
    need(o.msg_type == "link" && o.message_url.empty(), "message_url");
    need(o.msg_type == "actionCard" && o.action_card.empty(), "action_card");
    need(o.msg_type == "feedCard" && o.feed_card.empty(), "feed_card");
}

std::vector<shape::Field> mention_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field("at_mobiles", &Options::at_mobiles,
                           "Whom to call by name, by phone number; a markdown text gets them at "
                           "its end.")
                         .items(0, 100)
                         .length(1, 32)
                         .example_json(R"(["13800138000"])"));
    fields.push_back(field("at_user_ids", &Options::at_user_ids, "The same by user ids.")
                         .items(0, 100)
                         .length(1, 64));
    fields.push_back(
        field("at_all", &Options::at_all, "Whether to call everybody.").default_value(false));
    return fields;
}

shape::Object described_options() {
    return shape::object<Options>(
               "DingtalkOptions", "What only a robot of DingTalk understands of a message.",
               field("msg_type", &Options::msg_type,
                     "The message's form; empty: actionCard, feedCard or link if action_card, "
                     "feed_card or message_url is given, else markdown for a message with a "
                     "subject or title and text for one without.")
                   .one_of({"", "text", "markdown", "link", "actionCard", "feedCard"})
                   .example("markdown"),
               field("title", &Options::title, "Title in place of the subject.").length(0, 200),
               field("message_url", &Options::message_url, "What a tap on a link opens.")
                   .length(0, 2'048),
               field("pic_url", &Options::pic_url, "The picture of a link.").length(0, 2'048),
               field("action_card", &Options::action_card,
                     "An action card, in place of the content.")
                   .raw_object()
                   .example_json(
                       R"({"title":"T","text":"...","singleTitle":"Read","singleURL":"https://x"})"),
               field("feed_card", &Options::feed_card, "A feed card, in place of the content.")
                   .raw_object(),
               mention_fields())
        .rule<Options>(check_type);
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

}  // namespace hongyan::dingtalk
