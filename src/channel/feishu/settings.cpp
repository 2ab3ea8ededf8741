#include "channel/feishu/settings.hpp"

#include <algorithm>

namespace hongyan::feishu {
namespace {

using shape::field;

std::optional<std::string> check_url(std::string_view url) {
    const bool web = url.starts_with("https://") || url.starts_with("http://");
    const auto host = url.substr(std::min(url.size(), url.find("://") + 3));
    const bool clean =
        std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 127; });
    if (web && clean && !host.empty() && host.front() != '/' && url.find('#') == url.npos) {
        return std::nullopt;
    }
    return "must be an absolute http or https address";
}

std::optional<std::string> check_mention(std::string_view id) {
    const bool word = !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '-';
    });
    if (word) return std::nullopt;
    return "must be an open_id, a user_id or the word all";
}

template <class T>
std::vector<shape::Field> transport_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field<T>("connect_timeout_ms", &T::connect_timeout_ms,
                              "Longest wait for a connection, in milliseconds.")
                         .between(100, 60'000)
                         .default_value(3'000));
    fields.push_back(
        field<T>("timeout_ms", &T::timeout_ms, "Longest wait for an answer, in milliseconds.")
            .between(1'000, 120'000)
            .default_value(10'000));
    fields.push_back(field<T>("ca_file", &T::ca_file,
                              "PEM file of the authorities to trust instead of the system's."));
    return fields;
}

shape::Object described_robot() {
    return shape::object<RobotSettings>(
        "FeishuRobotSettings", "A custom robot of a Feishu group.",
        field("webhook_url", &RobotSettings::webhook_url,
              "The robot's address as Feishu shows it; whoever knows it can write to the group.")
            .required()
            .format("uri")
            .check(check_url)
            .example("https://open.feishu.cn/open-apis/bot/v2/hook/00000000-0000"),
        field("secret", &RobotSettings::secret,
              "The key of the signature, if the robot asks for one.")
            .length(0, 256),
        field("label", &RobotSettings::label,
              "The group's name; if set, recipients robot:NAME with another name are refused.")
            .length(0, 64)
            .example("ops"),
        field("max_body_bytes", &RobotSettings::max_body_bytes,
              "Longest request that the robot takes; longer messages fail unsent.")
            .between(1'024, 1 << 20)
            .default_value(20 * 1024),
        transport_fields<RobotSettings>());
}

std::vector<shape::Field> app_credentials() {
    std::vector<shape::Field> fields;
    fields.push_back(field("app_id", &AppSettings::app_id, "The application's id.")
                         .required()
                         .length(1, 64)
                         .example("cli_a0000000000000000"));
    fields.push_back(field("app_secret", &AppSettings::app_secret, "The application's secret.")
                         .required()
                         .length(1, 256));
    fields.push_back(field("verification_token", &AppSettings::verification_token,
                           "The Verification Token of the event subscription; read receipts need "
                           "it or encrypt_key.")
                         .length(0, 256));
    fields.push_back(field("encrypt_key", &AppSettings::encrypt_key,
                           "The Encrypt Key of the event subscription; with it every event is "
                           "encrypted and signed.")
                         .length(0, 256));
    return fields;
}

shape::Object described_app() {
    return shape::object<AppSettings>(
        "FeishuSettings", "An application (bot) of Feishu or Lark.", app_credentials(),
        field("endpoint", &AppSettings::endpoint,
              "Where the service is reached; https://open.larksuite.com for Lark.")
            .format("uri")
            .check(check_url)
            .default_value("https://open.feishu.cn"),
        field("max_text_bytes", &AppSettings::max_text_bytes,
              "Longest content of a text message; longer ones fail unsent.")
            .between(1'024, 1 << 20)
            .default_value(150 * 1024),
        field("max_card_bytes", &AppSettings::max_card_bytes,
              "Longest content of any other message; longer ones fail unsent.")
            .between(1'024, 1 << 20)
            .default_value(30 * 1024),
        field("callback_tolerance_s", &AppSettings::callback_tolerance_s,
              "How far an event's time stamp may be from now, in seconds.")
            .between(60, 86'400)
            .default_value(3'600),
        transport_fields<AppSettings>());
}

void check_type(const Options& o, shape::Problems& problems) {
    const auto need = [&](std::string_view type, const std::string& value, std::string_view name) {
        if (o.msg_type == type && value.empty()) {
            problems.add(name, "required", "must be given with this msg_type");
        }
    };
    need("interactive", o.card, "card");
    need("image", o.image_key, "image_key");
    need("share_chat", o.share_chat_id, "share_chat_id");
    const int contents =
        !o.card.empty() + !o.post.empty() + !o.image_key.empty() + !o.share_chat_id.empty();
    if (contents > 1) {
        problems.add("", "conflict", "give only one of card, post, image_key and share_chat_id");
    }
}

shape::Object described_options() {
    return shape::object<Options>(
               "FeishuOptions", "What only Feishu understands of a message.",
               field("msg_type", &Options::msg_type,
                     "The message's form; empty: what card, post, image_key or share_chat_id say, "
                     "else post for a message with a subject and text for one without.")
                   .one_of({"", "text", "post", "interactive", "image", "share_chat"})
                   .example("interactive"),
               field("title", &Options::title, "Title of a post, in place of the subject.")
                   .length(0, 200),
               field("post", &Options::post,
                     "A rich text by language, in place of the content: "
                     R"({"zh_cn":{"title":"...","content":[[{"tag":"text","text":"..."}]]}}.)")
                   .raw_object(),
               field("card", &Options::card, "An interactive card, in place of the content.")
                   .raw_object(),
               field("image_key", &Options::image_key, "A picture that was uploaded before.")
                   .length(0, 256),
               field("share_chat_id", &Options::share_chat_id, "A chat to show the name card of.")
                   .length(0, 256),
               field("mention", &Options::mention,
                     "Whom to call by name at the end of a text or post: open ids, or all.")
                   .items(0, 50)
                   .check(check_mention)
                   .example_json(R"(["all"])"))
        .rule<Options>(check_type);
}

}  // namespace

const shape::Object& describe(shape::Tag<RobotSettings>) {
    static const shape::Object object = described_robot();
    return object;
}

const shape::Object& describe(shape::Tag<AppSettings>) {
    static const shape::Object object = described_app();
    return object;
}

const shape::Object& describe(shape::Tag<Options>) {
    static const shape::Object object = described_options();
    return object;
}

}  // namespace hongyan::feishu
