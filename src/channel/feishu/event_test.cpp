#include "channel/feishu/event.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::feishu {
namespace {

constexpr std::string_view key = "test key";
constexpr std::int64_t now_ms = 1'609'430'400'000;
const std::string read_event_json =
    R"({"schema":"2.0","header":{"event_id":"e1","event_type":"im.message.message_read_v1",)"
    R"("token":"vt","app_id":"cli_1"},"event":{"reader":{"read_time":"1609430399123"},)"
    R"("message_id_list":["om_1","om_2"]}})";

AppSettings settings(bool encrypted) {
    AppSettings made;
    made.app_id = "cli_1";
    made.verification_token = "vt";
    if (encrypted) made.encrypt_key = key;
    return made;
}

std::string sealed(std::string text) {
    const std::size_t pad = 16 - text.size() % 16;
    text.append(pad, static_cast<char>(pad));
    const std::string vector(16, 'v');
    return to_base64(vector + aes_256_cbc_encrypt(sha256(key), vector, text));
}

Callback plain_callback(std::string body) {
    Callback callback;
    callback.body = std::move(body);
    return callback;
}

Callback signed_callback(std::string_view text, std::int64_t stamp_ms = now_ms) {
    Callback callback;
    callback.body = R"({"encrypt":")" + sealed(std::string(text)) + "\"}";
    const std::string stamp = std::to_string(stamp_ms / 1000);
    callback.headers = {{"x-lark-request-timestamp", stamp},
                        {"x-lark-request-nonce", "n"},
                        {"x-lark-signature", event_signature(stamp, "n", key, callback.body)}};
    return callback;
}

TEST(feishu_event, computes_the_published_vectors) {
    const auto clear = decrypt_event(key, "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=");
    ASSERT_TRUE(clear.ok());
    EXPECT_EQ(*clear, "hello world");
    EXPECT_EQ(event_signature("1609430400", "nonce123", key,
                              R"({"encrypt":"P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="})"),
              "8210f0da7fd2165ae0778e5366f31edadce3088968f6b33d1aa4398362704284");
}

TEST(feishu_event, answers_the_check_of_the_url_in_clear_and_encrypted) {
    const std::string check = R"({"challenge":"c\"1","token":"vt","type":"url_verification"})";
    auto answer = read_event(plain_callback(check), settings(false), now_ms);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, R"({"challenge":"c\"1"})");
    answer = read_event(plain_callback(R"({"encrypt":")" + sealed(check) + "\"}"), settings(true),
                        now_ms);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, R"({"challenge":"c\"1"})");
    const std::string wrong = R"({"challenge":"c","token":"no","type":"url_verification"})";
    EXPECT_FALSE(read_event(plain_callback(wrong), settings(false), now_ms).ok());
}

TEST(feishu_event, turns_read_messages_into_receipts) {
    for (const bool encrypted : {false, true}) {
        const auto answer = read_event(
            encrypted ? signed_callback(read_event_json) : plain_callback(read_event_json),
            settings(encrypted), now_ms);
        ASSERT_TRUE(answer.ok());
        EXPECT_EQ(answer->replay_key, "e1");
        ASSERT_EQ(answer->receipts.size(), 2U);
        EXPECT_EQ(answer->receipts[1].provider_message_id, "om_2");
        EXPECT_EQ(answer->receipts[1].status, MessageStatus::delivered);
        EXPECT_EQ(answer->receipts[1].at_ms, 1'609'430'399'123);
    }
}

TEST(feishu_event, refuses_what_is_not_signed_or_not_signed_well) {
    Callback forged = signed_callback(read_event_json);
    forged.headers[2].second[0] = forged.headers[2].second[0] == '0' ? '1' : '0';
    Callback unsigned_one = signed_callback(read_event_json);
    unsigned_one.headers.clear();
    Callback changed = signed_callback(read_event_json);
    changed.body += " ";
    const std::vector<Callback> all{forged,
                                    unsigned_one,
                                    changed,
                                    plain_callback(read_event_json),
                                    signed_callback(read_event_json, now_ms - 3'700'000),
                                    signed_callback(read_event_json, now_ms + 3'700'000)};
    for (const Callback& callback : all) {
        const auto answer = read_event(callback, settings(true), now_ms);
        ASSERT_FALSE(answer.ok());
        EXPECT_EQ(answer.error().code, ErrorCode::unauthorized);
    }
}

TEST(feishu_event, refuses_events_of_others) {
    std::string other = read_event_json;
    other.replace(other.find("cli_1"), 5, "cli_2");
    EXPECT_FALSE(read_event(plain_callback(other), settings(false), now_ms).ok());
    std::string token = read_event_json;
    token.replace(token.find("\"vt\""), 4, "\"no\"");
    EXPECT_FALSE(read_event(plain_callback(token), settings(false), now_ms).ok());
    AppSettings bare;
    bare.app_id = "cli_1";
    EXPECT_FALSE(read_event(plain_callback(read_event_json), bare, now_ms).ok());
}

TEST(feishu_event, survives_anything_that_is_posted) {
    for (const char* body : {"", "{", "[]", "null", R"({"encrypt":7})", R"({"encrypt":""})",
                             R"({"encrypt":"AAAA"})", R"({"header":[]})", R"({"event":{}})"}) {
        EXPECT_FALSE(read_event(plain_callback(body), settings(true), now_ms).ok()) << body;
        EXPECT_FALSE(read_event(plain_callback(body), settings(false), now_ms).ok()) << body;
    }
    const std::string odd =
        R"({"header":{"event_id":"e","event_type":"im.message.message_read_v1","token":"vt"},"event":[]})";
    const auto answer = read_event(plain_callback(odd), settings(false), now_ms);
    ASSERT_TRUE(answer.ok());
    EXPECT_TRUE(answer->receipts.empty());
}

}  // namespace
}  // namespace hongyan::feishu
