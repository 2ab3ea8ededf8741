#include "channel/wechat/callback.hpp"

#include <gtest/gtest.h>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/wechat/crypt.hpp"

namespace hongyan::wechat {
namespace {

constexpr std::int64_t now_s = 1'714'112'445;
const std::string key(43, 'A');
constexpr std::string_view appid = "wxba5fad812f8e6fb9";
const std::string stamp = std::to_string(now_s);
constexpr std::string_view finished =
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oABC]]></FromUserName>"
    "<CreateTime>1714112444</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>3512318923471110147</MsgID>"
    "<Status><![CDATA[success]]></Status></xml>";

CallbackKeys plain_keys() { return {.token = "AAAAA", .receiver_id = appid}; }
CallbackKeys sealed_keys() {
    return {.token = "AAAAA", .encoding_aes_key = key, .receiver_id = appid};
}

Callback plain_callback(std::string body) {
    Callback callback;
    callback.body = std::move(body);
    callback.query = {
        {"timestamp", stamp}, {"nonce", "n1"}, {"signature", signature_of({"AAAAA", stamp, "n1"})}};
    return callback;
}

std::string seal(std::string_view text, std::string_view receiver) {
    std::string clear = std::string(16, 'r') + std::string(2, '\0');
    clear += static_cast<char>(text.size() >> 8);
    clear += static_cast<char>(text.size() & 0xFF);
    clear += text;
    clear += receiver;
    const std::size_t pad = 32 - clear.size() % 32;
    clear.append(pad, static_cast<char>(pad));
    return to_base64(aes_256_cbc_encrypt(std::string(32, '\0'), std::string(16, '\0'), clear));
}

Callback sealed_callback(std::string_view text, std::string_view receiver = appid) {
    const std::string encrypted = seal(text, receiver);
    Callback callback;
    callback.body = "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[" + encrypted +
                    "]]></Encrypt></xml>";
    callback.query = {{"timestamp", stamp},
                      {"nonce", "n1"},
                      {"encrypt_type", "aes"},
                      {"signature", signature_of({"AAAAA", stamp, "n1"})},
                      {"msg_signature", signature_of({"AAAAA", stamp, "n1", encrypted})}};
    return callback;
}

std::string status_event(std::string_view status) {
    std::string event(finished);
    const auto at = event.find("success");
    return event.replace(at, 7, status);
}

TEST(wechat_callback, answers_the_published_check_of_the_url) {
    Callback callback;
    callback.method = "GET";
    callback.query = {{"signature", "f464b24fc39322e44b38aa78f5edd27bd1441696"},
                      {"echostr", "4375120948345356249"},
                      {"timestamp", "1714036504"},
                      {"nonce", "1514711492"}};
    auto answer = read_callback(callback, plain_keys(), 1'714'036'510'000);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, "4375120948345356249");
    EXPECT_TRUE(answer->receipts.empty());
    callback.query[2].second = "1714036505";
    EXPECT_EQ(read_callback(callback, plain_keys(), 1'714'036'510'000).error().code,
              ErrorCode::unauthorized);
}

TEST(wechat_callback, decrypts_the_published_check_of_wecoms_url) {
    Callback callback;
    callback.method = "GET";
    callback.query = {{"msg_signature", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"},
                      {"timestamp", "1409659589"},
                      {"nonce", "263014780"},
                      {"echostr",
                       "P9nAzCzyDtyTWESHep1vC5X9xho/"
                       "qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="}};
    const CallbackKeys keys{.token = "QDG6eK",
                            .encoding_aes_key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
                            .receiver_id = "wx5823bf96d3bd56c7",
                            .echo_encrypted = true};
    const auto answer = read_callback(callback, keys, 1'409'659'589'000);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, "1616140317555161061");
}

TEST(wechat_callback, turns_a_finished_template_into_a_receipt) {
    const auto answer =
        read_callback(plain_callback(std::string(finished)), plain_keys(), now_s * 1000);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->body, "success");
    ASSERT_EQ(answer->receipts.size(), 1U);
    EXPECT_EQ(answer->receipts[0].provider_message_id, "3512318923471110147");
    EXPECT_EQ(answer->receipts[0].status, MessageStatus::delivered);
    EXPECT_EQ(answer->receipts[0].at_ms, 1'714'112'444'000);
    EXPECT_EQ(answer->replay_key, "gh_1 oABC 1714112444 TEMPLATESENDJOBFINISH 3512318923471110147");
}

TEST(wechat_callback, knows_every_spelling_of_failure) {
    for (const char* status :
         {"failed:user block", "failed: system failed", "failed:freq limit", "failed"}) {
        const auto answer =
            read_callback(plain_callback(status_event(status)), plain_keys(), now_s * 1000);
        ASSERT_TRUE(answer.ok());
        ASSERT_EQ(answer->receipts.size(), 1U);
        EXPECT_EQ(answer->receipts[0].status, MessageStatus::failed) << status;
        EXPECT_EQ(answer->receipts[0].code, status);
    }
}

TEST(wechat_callback, reads_sent_subscriptions_in_xml_and_json) {
    const std::string xml =
        "<xml><Event>subscribe_msg_sent_event</Event><CreateTime>1714112444</CreateTime>"
        "<SubscribeMsgSentEvent><List><TemplateId>t</TemplateId><MsgID>11</MsgID>"
        "<ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List><List><MsgID>12</MsgID>"
        "<ErrorCode>43101</ErrorCode><ErrorStatus>refuse</ErrorStatus></List>"
        "</SubscribeMsgSentEvent></xml>";
    auto answer = read_callback(plain_callback(xml), plain_keys(), now_s * 1000);
    ASSERT_TRUE(answer.ok());
    ASSERT_EQ(answer->receipts.size(), 2U);
    EXPECT_EQ(answer->receipts[0].status, MessageStatus::delivered);
    EXPECT_EQ(answer->receipts[1].status, MessageStatus::failed);
    EXPECT_EQ(answer->receipts[1].code, "43101");
    for (const char* list : {R"({"MsgID":"11","ErrorCode":"0","ErrorStatus":"success"})",
                             R"([{"MsgID":"11","ErrorCode":0,"ErrorStatus":"success"}])"}) {
        const std::string json =
            R"({"Event":"subscribe_msg_sent_event","List":)" + std::string(list) + "}";
        answer = read_callback(plain_callback(json), plain_keys(), now_s * 1000);
        ASSERT_TRUE(answer.ok());
        ASSERT_EQ(answer->receipts.size(), 1U);
        EXPECT_EQ(answer->receipts[0].provider_message_id, "11");
        EXPECT_EQ(answer->receipts[0].status, MessageStatus::delivered);
    }
}

TEST(wechat_callback, takes_other_events_without_effect) {
    const auto answer = read_callback(plain_callback("<xml><Event>subscribe</Event></xml>"),
                                      plain_keys(), now_s * 1000);
    ASSERT_TRUE(answer.ok());
    EXPECT_TRUE(answer->receipts.empty());
}

TEST(wechat_callback, refuses_forged_late_and_unverifiable_events) {
    Callback forged = plain_callback(std::string(finished));
    forged.query[2].second = std::string(40, '0');
    const Callback good = plain_callback(std::string(finished));
    for (const auto& [callback, keys, now] :
         {std::tuple{forged, plain_keys(), now_s}, std::tuple{good, plain_keys(), now_s + 3'601},
          std::tuple{good, plain_keys(), now_s - 3'601}, std::tuple{good, CallbackKeys{}, now_s}}) {
        const auto answer = read_callback(callback, keys, now * 1000);
        ASSERT_FALSE(answer.ok());
        EXPECT_EQ(answer.error().code, ErrorCode::unauthorized);
    }
}

TEST(wechat_callback, opens_encrypted_events_with_the_new_key_and_the_one_before) {
    auto answer = read_callback(sealed_callback(finished), sealed_keys(), now_s * 1000);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->receipts.size(), 1U);
    CallbackKeys changed = sealed_keys();
    changed.previous_encoding_aes_key = key;
    const std::string fresh(43, 'B');
    changed.encoding_aes_key = fresh;
    answer = read_callback(sealed_callback(finished), changed, now_s * 1000);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->receipts.size(), 1U);
}

TEST(wechat_callback, believes_only_the_signature_over_the_cipher_text) {
    Callback callback = sealed_callback(finished);
    callback.query[4].second = callback.query[3].second;  // the plain one in its place
    EXPECT_EQ(read_callback(callback, sealed_keys(), now_s * 1000).error().code,
              ErrorCode::unauthorized);
    EXPECT_EQ(read_callback(plain_callback(std::string(finished)), sealed_keys(), now_s * 1000)
                  .error()
                  .code,
              ErrorCode::unauthorized);
    EXPECT_EQ(read_callback(sealed_callback(finished, "wx_another"), sealed_keys(), now_s * 1000)
                  .error()
                  .code,
              ErrorCode::unauthorized);
}

}  // namespace
}  // namespace hongyan::wechat
