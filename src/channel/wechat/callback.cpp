#include "channel/wechat/callback.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "channel/wechat/crypt.hpp"
#include "channel/wechat/node.hpp"

namespace hongyan::wechat {
namespace {

Error refused(std::string detail) { return make_error(ErrorCode::unauthorized, std::move(detail)); }

CallbackAnswer plain(std::string body) {
    CallbackAnswer answer;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = std::move(body);
    return answer;
}

/// extra is what is signed beside token, time stamp and nonce: the cipher text, or nothing.
Status check_signature(const Callback& callback, const CallbackKeys& keys, std::int64_t now_ms,
                       std::string_view extra) {
    if (keys.token.empty()) return refused("The account has no callback_token.");
    const auto timestamp = callback.query_value("timestamp");
    std::vector<std::string_view> parts{keys.token, timestamp, callback.query_value("nonce")};
    if (!extra.empty()) parts.push_back(extra);
    const auto given = callback.query_value(extra.empty() ? "signature" : "msg_signature");
    if (!equal_in_constant_time(signature_of(std::move(parts)), to_lower(given))) {
        return refused("The signature does not fit.");
    }
    const auto seconds = parse_int(timestamp);
    const std::int64_t now_s = now_ms / 1000;
    if (!seconds || *seconds < now_s - keys.tolerance_s || *seconds > now_s + keys.tolerance_s) {
        return refused("The time stamp is too far from now.");
    }
    return Done{};
}

Result<std::string> decrypt(const CallbackKeys& keys, std::string_view sealed) {
    auto clear = decrypt_message(keys.encoding_aes_key, keys.receiver_id, sealed);
    if (clear || keys.previous_encoding_aes_key.empty()) return clear;
    return decrypt_message(keys.previous_encoding_aes_key, keys.receiver_id, sealed);
}

Result<CallbackAnswer> answer_url_check(const Callback& callback, const CallbackKeys& keys,
                                        std::int64_t now_ms) {
    const auto echo = callback.query_value("echostr");
    if (echo.empty()) return make_error(ErrorCode::bad_request, "echostr is missing.");
    const std::string_view extra = keys.echo_encrypted ? echo : std::string_view();
    if (auto status = check_signature(callback, keys, now_ms, extra); !status) {
        return status.error();
    }
    if (!keys.echo_encrypted) return plain(std::string(echo));
    auto clear = decrypt(keys, echo);
    if (!clear) return clear.error();
    return plain(std::move(*clear));
}

/// The event in clear. Once a key is set nothing in clear is believed, because the plain signature
/// does not cover the body.
Result<Node> open_event(const Callback& callback, const CallbackKeys& keys, std::int64_t now_ms) {
    auto outer = read_event_text(callback.body);
    if (keys.encoding_aes_key.empty()) {
        if (auto status = check_signature(callback, keys, now_ms, ""); !status) {
            return status.error();
        }
        return outer;
    }
    if (!outer) return outer.error();
    const auto sealed = outer->text_of("Encrypt");
    if (sealed.empty()) return refused("The event is not encrypted, but the account has a key.");
    if (auto status = check_signature(callback, keys, now_ms, sealed); !status) {
        return status.error();
    }
    const auto clear = decrypt(keys, sealed);
    if (!clear) return clear.error();
    return read_event_text(*clear);
}

Receipt receipt_of(std::string_view id, std::string_view code, bool delivered) {
    Receipt receipt;
    receipt.provider_message_id = trim(id);
    receipt.status = delivered ? MessageStatus::delivered : MessageStatus::failed;
    receipt.code = trim(code);
    receipt.detail = delivered ? "WeChat has delivered it." : "WeChat could not deliver it.";
    return receipt;
}

/// Without blanks: WeChat writes "failed: system failed", and "failed:user block".
std::string squeezed(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c != ' ') out += c;
    }
    return to_lower(out);
}

void read_template_event(const Node& event, std::vector<Receipt>& receipts) {
    // Events have MsgID, messages from people MsgId; be content with either.
    const auto id = event.text_of(event.find("MsgID") != nullptr ? "MsgID" : "MsgId");
    const auto status = squeezed(event.text_of("Status"));
    if (id.empty() || status.empty()) return;
    Receipt receipt = receipt_of(id, event.text_of("Status"), status == "success");
    if (status == "failed:userblock") receipt.detail = "The user refuses messages of the account.";
    receipts.push_back(std::move(receipt));
}

void read_subscribe_event(const Node& event, std::vector<Receipt>& receipts) {
    const Node* inside = event.find("SubscribeMsgSentEvent");
    for (const Node& item : (inside == nullptr ? event : *inside).children) {
        if (item.name != "List" || item.text_of("MsgID").empty()) continue;
        const bool delivered = trim(item.text_of("ErrorCode")) == "0";
        const auto code = item.text_of(delivered ? "ErrorStatus" : "ErrorCode");
        receipts.push_back(receipt_of(item.text_of("MsgID"), code, delivered));
        if (!delivered) receipts.back().detail = item.text_of("ErrorStatus");
    }
}

}  // namespace

Result<CallbackAnswer> read_callback(const Callback& callback, const CallbackKeys& keys,
                                     std::int64_t now_ms) {
    if (callback.method == "GET") return answer_url_check(callback, keys, now_ms);
    const auto event = open_event(callback, keys, now_ms);
    if (!event) return event.error();
    CallbackAnswer answer = plain("success");
    const auto kind = event->text_of("Event");
    if (kind == "TEMPLATESENDJOBFINISH") read_template_event(*event, answer.receipts);
    if (kind == "subscribe_msg_sent_event") read_subscribe_event(*event, answer.receipts);
    const std::int64_t seconds = parse_int(trim(event->text_of("CreateTime"))).value_or(0);
    answer.replay_key = std::string(event->text_of("ToUserName")) + " " +
                        std::string(event->text_of("FromUserName")) + " " +
                        std::to_string(seconds) + " " + std::string(kind);
    for (Receipt& receipt : answer.receipts) {
        receipt.at_ms = seconds > 0 && seconds < 4'102'444'800 ? seconds * 1000 : 0;
        answer.replay_key += " " + receipt.provider_message_id;
    }
    return answer;
}

}  // namespace hongyan::wechat
