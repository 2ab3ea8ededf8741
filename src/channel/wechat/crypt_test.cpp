#include "channel/wechat/crypt.hpp"

#include <gtest/gtest.h>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::wechat {
namespace {

const std::string all_a(43, 'A');
constexpr std::string_view appid = "wxba5fad812f8e6fb9";
constexpr std::string_view sealed =
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZq"
    "zDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pe"
    "de2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/"
    "P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";

TEST(wechat_crypt, signs_the_published_checks_of_the_url) {
    EXPECT_EQ(signature_of({"AAAAA", "1714036504", "1514711492"}),
              "f464b24fc39322e44b38aa78f5edd27bd1441696");
    EXPECT_EQ(signature_of({"AAAAA", "1714037059", "486452656"}),
              "899cf89e464efb63f54ddac96b0a0a235f53aa78");
}

TEST(wechat_crypt, signs_and_opens_the_published_encrypted_event) {
    EXPECT_EQ(signature_of({"AAAAA", "1714112445", "415670741", sealed}),
              "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3");
    EXPECT_EQ(signature_of({"AAAAA", "1714112445", "415670741"}),
              "6c5c811b55cc85e0e1b54100749188c20beb3f5d");
    const auto clear = decrypt_message(all_a, appid, sealed);
    ASSERT_TRUE(clear.ok());
    EXPECT_EQ(*clear,
              R"({"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY",)"
              R"("CreateTime":1714112445,"MsgType":"event","Event":"debug_demo",)"
              R"("debug_str":"hello world"})");
}

TEST(wechat_crypt, opens_the_published_reply) {
    const auto clear = decrypt_message(
        all_a, appid,
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==");
    ASSERT_TRUE(clear.ok());
    EXPECT_EQ(*clear, R"({"demo_resp":"good luck"})");
    EXPECT_EQ(signature_of({"AAAAA", "1713424427", "415670741",
                            "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/"
                            "5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="}),
              "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1");
}

TEST(wechat_crypt, opens_the_published_echo_of_wecom) {
    constexpr std::string_view key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
    constexpr std::string_view echo =
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
    EXPECT_EQ(signature_of({"QDG6eK", "1409659589", "263014780", echo}),
              "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3");
    const auto clear = decrypt_message(key, "wx5823bf96d3bd56c7", echo);
    ASSERT_TRUE(clear.ok());
    EXPECT_EQ(*clear, "1616140317555161061");
}

TEST(wechat_crypt, refuses_another_receiver_another_key_and_changed_bytes) {
    EXPECT_FALSE(decrypt_message(all_a, "wx0000000000000000", sealed).ok());
    EXPECT_FALSE(decrypt_message(std::string(42, 'A') + "Q", "", sealed).ok());
    EXPECT_FALSE(decrypt_message(std::string(43, 'B'), appid, sealed).ok());
    std::string changed(sealed);
    changed[40] = changed[40] == 'A' ? 'B' : 'A';
    changed.resize(100);
    for (const std::string& bad : {changed, std::string(), std::string("AAAA"),
                                   std::string(sealed.substr(0, 44)), std::string("%%%")}) {
        EXPECT_FALSE(decrypt_message(all_a, appid, bad).ok());
    }
}

TEST(wechat_crypt, never_reads_beyond_a_length_that_lies) {
    const std::string key(32, '\0');
    for (const char high : {'\x00', '\x7f', '\xff'}) {
        std::string clear(16, 'r');
        clear += std::string{high, '\0', '\1', '\0'};
        clear += std::string(appid);
        const std::size_t pad = 32 - clear.size() % 32;
        clear.append(pad, static_cast<char>(pad));
        const auto bytes = aes_256_cbc_encrypt(key, std::string(16, '\0'), clear);
        EXPECT_FALSE(decrypt_message(all_a, appid, to_base64(bytes)).ok());
    }
}

TEST(wechat_crypt, takes_keys_whose_last_letter_has_spare_bits) {
    EXPECT_EQ(check_encoding_key("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"), std::nullopt);
    EXPECT_EQ(check_encoding_key("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2D"), std::nullopt);
    EXPECT_EQ(check_encoding_key(""), std::nullopt);
    EXPECT_NE(check_encoding_key("short"), std::nullopt);
    EXPECT_NE(check_encoding_key(std::string(42, 'A') + "="), std::nullopt);
    EXPECT_NE(check_encoding_key(std::string(42, 'A') + "-"), std::nullopt);
}

}  // namespace
}  // namespace hongyan::wechat
