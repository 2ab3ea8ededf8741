#include "universe/feishu/events.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"
#include "universe/core/receipts.hpp"

namespace hongyan::universe::feishu {
namespace {

using boost::json::array;
using boost::json::object;

constexpr std::string_view service_name = "feishu";

std::string event_json(World& world, const ReadEvent& event, std::string_view token) {
    const std::string now = std::to_string(world.clock().now_ms());
    return boost::json::serialize(object{
        {"schema", "2.0"},
        {"header", object{{"event_id", to_hex(random_bytes(16))},
                          {"event_type", "im.message.message_read_v1"},
                          {"create_time", now},
                          {"token", token},
                          {"app_id", world.setting(service_name, "app_id")},
                          {"tenant_key", "sandbox"}}},
        {"event", object{{"reader", object{{"reader_id", object{{"open_id", event.reader_id}}},
                                           {"read_time", now},
                                           {"tenant_key", "sandbox"}}},
                         {"message_id_list", array{event.message_id}}}}});
}

/// The request for one event; a forged one is signed with another key.
OutboundRequest request_of(World& world, const std::string& event, bool forged) {
    OutboundRequest request;
    request.url = world.setting(service_name, "callback_url");
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = event;
    const std::string key = world.setting(service_name, "encrypt_key");
    if (key.empty()) return request;
    request.body = boost::json::serialize(object{{"encrypt", seal(key, event)}});
    const std::string timestamp = std::to_string(world.clock().now_ms() / 1000);
    const std::string nonce = to_hex(random_bytes(8));
    const std::string signing_key = forged ? key + "forged" : key;
    request.headers.emplace_back("X-Lark-Request-Timestamp", timestamp);
    request.headers.emplace_back("X-Lark-Request-Nonce", nonce);
    request.headers.emplace_back("X-Lark-Signature",
                                 to_hex(sha256(timestamp + nonce + signing_key + request.body)));
    return request;
}

}  // namespace

std::string seal(std::string_view encrypt_key, std::string_view text) {
    constexpr std::size_t block = 16;
    const std::size_t pad = block - text.size() % block;
    std::string padded(text);
    padded.append(pad, static_cast<char>(pad));
    const std::string vector = random_bytes(block);
    return to_base64(vector + aes_256_cbc_encrypt(sha256(encrypt_key), vector, padded));
}

void send_read_event(World& world, const ReadEvent& event) {
    if (world.setting(service_name, "callback_url").empty()) return;
    if (world.setting(service_name, "read_events") != "on") return;
    // One event has one id, however often it is pushed.
    const std::string json =
        event_json(world, event, world.setting(service_name, "verification_token"));
    send_receipt(world, service_name, event.reader_id,
                 [&world, event, json](const ReceiptForm& form) {
                     // Feishu reports no failures: who has not read causes no event.
                     if (form.fails) return OutboundRequest{};
                     if (!form.forged) return request_of(world, json, false);
                     return request_of(world, event_json(world, event, "forged"), true);
                 });
}

}  // namespace hongyan::universe::feishu
