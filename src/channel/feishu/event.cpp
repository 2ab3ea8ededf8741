#include "channel/feishu/event.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::feishu {
namespace {

using shape::field;

constexpr std::size_t block_bytes = 16;

struct Sealed {
    std::string encrypt;
};
struct Header {
    std::string event_id;
    std::string event_type;
    std::string token;
    std::string app_id;
};
struct Reader {
    std::string read_time;
};
struct Read {
    Reader reader;
    std::vector<std::string> message_id_list;
};
struct Event {
    std::string type;
    std::string token;
    std::string challenge;
    std::string uuid;
    Header header;
    std::string event;
};

const shape::Object& describe(shape::Tag<Sealed>) {
    static const shape::Object object =
        shape::object<Sealed>("FeishuSealed", "An encrypted event.",
                              field("encrypt", &Sealed::encrypt, "The event, encrypted."))
            .open();
    return object;
}

const shape::Object& describe(shape::Tag<Header>) {
    static const shape::Object object =
        shape::object<Header>("FeishuEventHeader", "What all events of version 2.0 share.",
                              field("event_id", &Header::event_id, "The event's id."),
                              field("event_type", &Header::event_type, "What happened."),
                              field("token", &Header::token, "The verification token."),
                              field("app_id", &Header::app_id, "Whose application."))
            .open();
    return object;
}

const shape::Object& describe(shape::Tag<Reader>) {
    static const shape::Object object =
        shape::object<Reader>("FeishuReader", "Who read.",
                              field("read_time", &Reader::read_time, "When, in milliseconds."))
            .open();
    return object;
}

const shape::Object& describe(shape::Tag<Read>) {
    static const shape::Object object =
        shape::object<Read>("FeishuMessageRead", "Messages that were read.",
                            field("reader", &Read::reader, "Who read."),
                            field("message_id_list", &Read::message_id_list, "Which messages."))
            .open();
    return object;
}

const shape::Object& describe(shape::Tag<Event>) {
    static const shape::Object object =
        shape::object<Event>("FeishuEvent", "An event of any kind.",
                             field("type", &Event::type, "url_verification or event_callback."),
                             field("token", &Event::token, "The verification token, version 1."),
                             field("challenge", &Event::challenge, "To be sent back."),
                             field("uuid", &Event::uuid, "The event's id, version 1."),
                             field("header", &Event::header, "What all events share."),
                             field("event", &Event::event, "What happened.").raw_json())
            .open();
    return object;
}

Error refused(std::string detail) { return make_error(ErrorCode::unauthorized, std::move(detail)); }
Error malformed(std::string detail) {
    return make_error(ErrorCode::bad_request, std::move(detail));
}

/// The time stamp comes in seconds from some and in milliseconds from other senders of events.
bool is_fresh(std::string_view text, std::int64_t now_ms, std::int64_t tolerance_s) {
    constexpr std::int64_t first_in_ms = 100'000'000'000;
    auto stamp = parse_int(text);
    if (!stamp || *stamp < 0) return false;
    const std::int64_t ms = *stamp < first_in_ms ? *stamp * 1000 : *stamp;
    return ms <= now_ms + tolerance_s * 1000 && ms >= now_ms - tolerance_s * 1000;
}

Status check_signature(const Callback& callback, const AppSettings& settings, std::int64_t now_ms) {
    const auto timestamp = callback.header("x-lark-request-timestamp");
    const auto expected = event_signature(timestamp, callback.header("x-lark-request-nonce"),
                                          settings.encrypt_key, callback.body);
    if (!equal_in_constant_time(expected, callback.header("x-lark-signature"))) {
        return refused("X-Lark-Signature does not fit.");
    }
    if (!is_fresh(timestamp, now_ms, settings.callback_tolerance_s)) {
        return refused("X-Lark-Request-Timestamp is too far from now.");
    }
    return Done{};
}

bool is_url_check(const Event& event) { return event.type == "url_verification"; }

/// The event in clear. With a key every event must be encrypted, and all but the check of the URL
/// must be signed.
Result<Event> open_event(const Callback& callback, const AppSettings& settings,
                         std::int64_t now_ms) {
    const bool is_signed = !callback.header("x-lark-signature").empty();
    std::string text = callback.body;
    if (!settings.encrypt_key.empty()) {
        if (is_signed) {
            if (auto status = check_signature(callback, settings, now_ms); !status) {
                return status.error();
            }
        }
        const auto sealed = shape::read<Sealed>(callback.body);
        if (!sealed || sealed->encrypt.empty()) {
            return refused("The event is not encrypted, but the account has an encrypt_key.");
        }
        auto clear = decrypt_event(settings.encrypt_key, sealed->encrypt);
        // Without a signature only the right key speaks for the sender.
        if (!clear) return is_signed ? clear.error() : refused("The event cannot be decrypted.");
        text = std::move(*clear);
    }
    auto event = shape::read<Event>(text);
    if (!event) return malformed("The event is not the JSON it should be.");
    if (!settings.encrypt_key.empty() && !is_signed && !is_url_check(*event)) {
        return refused("The event carries no signature.");
    }
    return event;
}

Status check_token(const Event& event, const AppSettings& settings) {
    if (settings.verification_token.empty()) {
        if (!settings.encrypt_key.empty()) return Done{};
        return refused("The account has neither verification_token nor encrypt_key.");
    }
    const std::string& token = event.header.token.empty() ? event.token : event.header.token;
    if (equal_in_constant_time(token, settings.verification_token)) return Done{};
    return refused("The verification token does not fit.");
}

std::vector<Receipt> receipts_of(const Event& event) {
    std::vector<Receipt> receipts;
    if (event.header.event_type != "im.message.message_read_v1") return receipts;
    const auto read = shape::read<Read>(event.event.empty() ? "{}" : event.event);
    if (!read) return receipts;
    for (const std::string& id : read->message_id_list) {
        Receipt receipt;
        receipt.provider_message_id = id;
        receipt.status = MessageStatus::delivered;
        receipt.code = "read";
        receipt.detail = "The recipient has read it.";
        receipt.at_ms = parse_int(read->reader.read_time).value_or(0);
        receipts.push_back(std::move(receipt));
    }
    return receipts;
}

}  // namespace

std::string event_signature(std::string_view timestamp, std::string_view nonce,
                            std::string_view encrypt_key, std::string_view body) {
    std::string all(timestamp);
    all.append(nonce).append(encrypt_key).append(body);
    return to_hex(sha256(all));
}

Result<std::string> decrypt_event(std::string_view encrypt_key, std::string_view base64) {
    const auto sealed = from_base64(base64);
    if (!sealed || sealed->size() < 2 * block_bytes) return malformed("The cipher text is short.");
    const auto bytes = std::string_view(*sealed);
    auto clear = aes_256_cbc_decrypt(sha256(encrypt_key), bytes.substr(0, block_bytes),
                                     bytes.substr(block_bytes));
    if (!clear) return clear.error();
    const auto pad = static_cast<unsigned char>(clear->back());
    if (pad == 0 || pad > block_bytes) return malformed("The cipher text's padding is wrong.");
    const auto tail = std::string_view(*clear).substr(clear->size() - pad);
    if (tail.find_first_not_of(static_cast<char>(pad)) != tail.npos) {
        return malformed("The cipher text's padding is wrong.");
    }
    clear->resize(clear->size() - pad);
    return clear;
}

Result<CallbackAnswer> read_event(const Callback& callback, const AppSettings& settings,
                                  std::int64_t now_ms) {
    if (callback.method != "POST") return malformed("Events come by POST.");
    auto event = open_event(callback, settings, now_ms);
    if (!event) return event.error();
    if (auto status = check_token(*event, settings); !status) return status.error();
    CallbackAnswer answer;
    answer.body = "{}";
    if (is_url_check(*event)) {
        answer.body = R"({"challenge":)" + json_quoted(event->challenge) + "}";
        return answer;
    }
    if (!event->header.app_id.empty() && event->header.app_id != settings.app_id) {
        return refused("The event is of another application.");
    }
    answer.replay_key = event->header.event_id.empty() ? event->uuid : event->header.event_id;
    answer.receipts = receipts_of(*event);
    return answer;
}

}  // namespace hongyan::feishu
