#include "universe/wechat/events.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/core/receipts.hpp"

namespace hongyan::universe::wechat {
namespace {

using boost::json::object;

constexpr std::string_view service_name = "wechat";
constexpr std::string_view account_name = "gh_hongyan";

std::string tag(std::string_view name, std::string_view text) {
    const std::string word(name);
    return "<" + word + "><![CDATA[" + std::string(text) + "]]></" + word + ">";
}

std::string number_tag(std::string_view name, std::int64_t number) {
    const std::string word(name);
    return "<" + word + ">" + std::to_string(number) + "</" + word + ">\n";
}

std::string status_of(const Finished& finished) {
    if (finished.failure.empty()) return "success";
    // WeChat writes one of its failures with a blank behind the colon.
    return (finished.failure == "system failed" ? "failed: " : "failed:") + finished.failure;
}

std::string xml_event(const Finished& finished, std::int64_t seconds) {
    std::string xml = "<xml>" + tag("ToUserName", account_name) + "\n" +
                      tag("FromUserName", finished.openid) + "\n" +
                      number_tag("CreateTime", seconds) + tag("MsgType", "event") + "\n";
    if (!finished.subscription) {
        return xml + tag("Event", "TEMPLATESENDJOBFINISH") + "\n" +
               number_tag("MsgID", finished.msgid) + tag("Status", status_of(finished)) +
               "\n</xml>";
    }
    const bool good = finished.failure.empty();
    return xml + tag("Event", "subscribe_msg_sent_event") + "\n<SubscribeMsgSentEvent><List>" +
           tag("TemplateId", finished.template_id) + tag("MsgID", std::to_string(finished.msgid)) +
           tag("ErrorCode", good ? "0" : "43101") +
           tag("ErrorStatus", good ? "success" : finished.failure) +
           "</List></SubscribeMsgSentEvent></xml>";
}

std::string json_event(const Finished& finished, std::int64_t seconds) {
    object event{{"ToUserName", account_name},
                 {"FromUserName", finished.openid},
                 {"CreateTime", seconds},
                 {"MsgType", "event"}};
    if (finished.subscription) {
        const bool good = finished.failure.empty();
        event["Event"] = "subscribe_msg_sent_event";
        event["List"] = object{{"TemplateId", finished.template_id},
                               {"MsgID", std::to_string(finished.msgid)},
                               {"ErrorCode", good ? "0" : "43101"},
                               {"ErrorStatus", good ? "success" : finished.failure}};
    } else {
        event["Event"] = "TEMPLATESENDJOBFINISH";
        event["MsgID"] = finished.msgid;
        event["Status"] = status_of(finished);
    }
    return boost::json::serialize(event);
}

std::string wrapped(std::string_view sealed, bool as_json) {
    if (as_json) {
        return boost::json::serialize(object{{"ToUserName", account_name}, {"Encrypt", sealed}});
    }
    return "<xml>" + tag("ToUserName", account_name) + tag("Encrypt", sealed) + "</xml>";
}

/// One call with its event; a forged one is signed with another token.
OutboundRequest request_of(World& world, const Finished& finished, std::int64_t created_s,
                           bool forged) {
    const auto setting = [&](std::string_view name) { return world.setting(service_name, name); };
    const std::int64_t seconds = world.clock().now_ms() / 1000;
    const bool as_json = setting("event_format") == "json";
    std::string body = as_json ? json_event(finished, created_s) : xml_event(finished, created_s);
    const std::string token = setting("token") + (forged ? "forged" : "");
    const std::string timestamp = std::to_string(seconds);
    const std::string nonce = std::to_string(world.next_number() % 1'000'000'000);
    std::string query = "signature=" + sign(token, timestamp, nonce) + "&timestamp=" + timestamp +
                        "&nonce=" + nonce + "&openid=" + percent_encoded(finished.openid);
    if (const std::string key = setting("encoding_aes_key"); !key.empty()) {
        const std::string sealed = seal(key, to_hex(random_bytes(8)), body, setting("appid"));
        query += "&encrypt_type=aes&msg_signature=" + sign(token, timestamp, nonce, sealed);
        body = wrapped(sealed, as_json);
    }
    OutboundRequest request;
    request.url = setting("callback_url");
    request.url += (request.url.find('?') == std::string::npos ? "?" : "&") + query;
    request.headers = {{"Content-Type", as_json ? "application/json" : "text/xml"}};
    request.body = std::move(body);
    request.timeout = Millis(5'000);  // WeChat waits no longer
    return request;
}

}  // namespace

std::string seal(std::string_view encoding_aes_key, std::string_view random,
                 std::string_view message, std::string_view receiver_id) {
    constexpr std::size_t block = 32;
    const auto key = from_base64(std::string(encoding_aes_key) + "=");
    if (!key || key->size() != block) return "";
    std::string clear(random);
    for (const int shift : {24, 16, 8, 0}) {
        clear += static_cast<char>(message.size() >> shift & 0xFF);
    }
    clear.append(message).append(receiver_id);
    const std::size_t pad = block - clear.size() % block;
    clear.append(pad, static_cast<char>(pad));
    return to_base64(aes_256_cbc_encrypt(*key, key->substr(0, 16), clear));
}

std::string sign(std::string_view token, std::string_view timestamp, std::string_view nonce,
                 std::string_view sealed) {
    std::array words{token, timestamp, nonce, sealed};
    std::sort(words.begin(), words.end());
    std::string all;
    for (const auto word : words) all.append(word);
    return to_hex(sha1(all));
}

void send_event(World& world, const Finished& finished) {
    constexpr int tries = 3;  // as many as WeChat makes
    if (world.setting(service_name, "callback_url").empty()) return;
    const std::int64_t seconds = world.clock().now_ms() / 1000;
    send_receipt(
        world, service_name, finished.openid,
        [&world, finished, seconds](const ReceiptForm& form) {
            Finished told = finished;
            if (form.fails && told.failure.empty()) told.failure = "system failed";
            return request_of(world, told, seconds, form.forged);
        },
        tries);
}

}  // namespace hongyan::universe::wechat
