#include "channel/wechat/settings.hpp"

#include <algorithm>

#include "channel/wechat/crypt.hpp"

namespace hongyan::wechat {
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

template <class T>
void add_transport(std::vector<shape::Field>& fields) {
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
}

template <class T>
std::vector<shape::Field> callback_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field<T>("callback_token", &T::callback_token,
                              "The Token of the callback's settings; events are verified with it.")
                         .length(0, 64));
    fields.push_back(field<T>("encoding_aes_key", &T::encoding_aes_key,
                              "The EncodingAESKey; with it only encrypted events are taken.")
                         .check(check_encoding_key));
    fields.push_back(field<T>("previous_encoding_aes_key", &T::previous_encoding_aes_key,
                              "The EncodingAESKey before, still taken for a while after a change.")
                         .check(check_encoding_key));
    fields.push_back(field<T>("callback_tolerance_s", &T::callback_tolerance_s,
                              "How far an event's time stamp may be from now, in seconds.")
                         .between(60, 86'400)
                         .default_value(3'600));
    add_transport<T>(fields);
    return fields;
}

shape::Object described_official() {
    return shape::object<OfficialSettings>(
        "WechatSettings", "An official account (service account) of WeChat.",
        field("appid", &OfficialSettings::appid, "The account's AppID.")
            .required()
            .length(1, 64)
            .example("wx0000000000000000"),
        field("secret", &OfficialSettings::secret, "The account's AppSecret.")
            .required()
            .length(1, 128),
        field("endpoint", &OfficialSettings::endpoint, "Where the service is reached.")
            .format("uri")
            .check(check_url)
            .default_value("https://api.weixin.qq.com"),
        field("token_mode", &OfficialSettings::token_mode,
              "How access tokens are fetched: stable lets any number of programs share one; legacy "
              "ends the token that another program uses.")
            .one_of({"stable", "legacy"})
            .default_value("stable"),
        callback_fields<OfficialSettings>());
}

shape::Object described_wecom() {
    return shape::object<WecomSettings>(
        "WecomSettings", "An application of WeCom.",
        field("corpid", &WecomSettings::corpid, "The corporation's id.")
            .required()
            .length(1, 64)
            .example("ww0000000000000000"),
        field("corpsecret", &WecomSettings::corpsecret, "The application's secret.")
            .required()
            .length(1, 128),
        field("agentid", &WecomSettings::agentid, "The application's number.")
            .required()
            .between(std::int64_t{1}, INT64_MAX)
            .example(1000002),
        field("endpoint", &WecomSettings::endpoint, "Where the service is reached.")
            .format("uri")
            .check(check_url)
            .default_value("https://qyapi.weixin.qq.com"),
        field("duplicate_check_interval_s", &WecomSettings::duplicate_check_interval_s,
              "For how long WeCom drops a message that equals one before, which makes repeats "
              "after a lost answer harmless; two equal texts to one person are one, too.")
            .between(1'800, 14'400)
            .default_value(1'800),
        field("max_text_bytes", &WecomSettings::max_text_bytes,
              "Longest text or markdown; WeCom would cut longer ones, so they fail unsent.")
            .between(64, 65'536)
            .default_value(2'048),
        callback_fields<WecomSettings>());
}

shape::Object described_robot() {
    std::vector<shape::Field> transport;
    add_transport<WecomRobotSettings>(transport);
    return shape::object<WecomRobotSettings>(
        "WecomRobotSettings", "The robot of a group of WeCom.",
        field("webhook_url", &WecomRobotSettings::webhook_url,
              "The robot's address as WeCom shows it; whoever knows it can write to the group.")
            .required()
            .format("uri")
            .check(check_url)
            .example("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0000-0000"),
        field("label", &WecomRobotSettings::label,
              "The group's name; if set, recipients robot:NAME with another name are refused.")
            .length(0, 64)
            .example("ops"),
        field("max_text_bytes", &WecomRobotSettings::max_text_bytes, "Longest text.")
            .between(64, 65'536)
            .default_value(2'048),
        field("max_markdown_bytes", &WecomRobotSettings::max_markdown_bytes, "Longest markdown.")
            .between(64, 65'536)
            .default_value(4'096),
        std::move(transport));
}

}  // namespace

const shape::Object& describe(shape::Tag<OfficialSettings>) {
    static const shape::Object object = described_official();
    return object;
}

const shape::Object& describe(shape::Tag<WecomSettings>) {
    static const shape::Object object = described_wecom();
    return object;
}

const shape::Object& describe(shape::Tag<WecomRobotSettings>) {
    static const shape::Object object = described_robot();
    return object;
}

}  // namespace hongyan::wechat
