// What an operator sets for accounts of WeChat and WeCom, and what a message may say in its section
// "wechat", "wechat_subscribe", "wecom" or "wecom_robot" of options. Plain described structs; safe
// to read from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::wechat {

/// What all accounts set about the connection.
struct Transport {
    std::int64_t connect_timeout_ms = 3'000;
    std::int64_t timeout_ms = 10'000;
    std::string ca_file;
};

/// What accounts that are called back set.
struct CallbackSettings : Transport {
    std::string callback_token;
    std::string encoding_aes_key;
    std::string previous_encoding_aes_key;
    std::int64_t callback_tolerance_s = 3'600;
};

/// An official account; of templates and of subscriptions alike.
struct OfficialSettings : CallbackSettings {
    std::string appid;
    std::string secret;
    std::string endpoint = "https://api.weixin.qq.com";
    std::string token_mode = "stable";
};
const shape::Object& describe(shape::Tag<OfficialSettings>);

struct WecomSettings : CallbackSettings {
    std::string corpid;
    std::string corpsecret;
    std::int64_t agentid = 0;
    std::string endpoint = "https://qyapi.weixin.qq.com";
    std::int64_t duplicate_check_interval_s = 1'800;
    std::int64_t max_text_bytes = 2'048;
};
const shape::Object& describe(shape::Tag<WecomSettings>);

struct WecomRobotSettings : Transport {
    std::string webhook_url;
    std::string label;
    std::int64_t max_text_bytes = 2'048;
    std::int64_t max_markdown_bytes = 4'096;
};
const shape::Object& describe(shape::Tag<WecomRobotSettings>);

struct DataValue {
    std::string value;
};
const shape::Object& describe(shape::Tag<DataValue>);

struct MiniProgram {
    std::string appid;
    std::string pagepath;
};
const shape::Object& describe(shape::Tag<MiniProgram>);

struct TemplateOptions {
    std::string template_id;
    std::map<std::string, DataValue> data;
    std::string url;
    std::optional<MiniProgram> miniprogram;
};
const shape::Object& describe(shape::Tag<TemplateOptions>);

struct SubscribeOptions {
    std::string template_id;
    std::map<std::string, DataValue> data;
    std::string page;
    std::optional<MiniProgram> miniprogram;
};
const shape::Object& describe(shape::Tag<SubscribeOptions>);

struct Article {
    std::string title;
    std::string description;
    std::string url;
    std::string picurl;
};
const shape::Object& describe(shape::Tag<Article>);

struct WecomOptions {
    std::string msg_type;
    std::string title;
    std::string url;
    std::string button_text;
    std::vector<Article> articles;
    std::string template_card;
    std::string media_id;
    std::int32_t safe = 0;
    bool enable_id_trans = false;
};
const shape::Object& describe(shape::Tag<WecomOptions>);

struct WecomRobotOptions {
    std::string msg_type;
    std::vector<std::string> mentioned_list;
    std::vector<std::string> mentioned_mobile_list;
    std::vector<Article> articles;
    std::string template_card;
    std::string media_id;
};
const shape::Object& describe(shape::Tag<WecomRobotOptions>);

}  // namespace hongyan::wechat
