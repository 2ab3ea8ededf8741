#include "kit/standard_webhooks.hpp"

#include <gtest/gtest.h>

#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::kit {
namespace {

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t timestamp = 1614265330;
constexpr std::string_view body = R"({"test": 2432232314})";

WebhookHeaders headers_with(std::string signature, std::int64_t seconds = timestamp) {
    return {{"Webhook-Id", std::string(id)},
            {"Webhook-Timestamp", std::to_string(seconds)},
            {"Webhook-Signature", std::move(signature)}};
}

Result<Done> verify(const std::string& signature, std::string_view with,
                    std::int64_t now_s = timestamp) {
    const std::vector<std::string> secrets{std::string(with)};
    return verify_webhook(headers_with(signature), body, secrets, now_s * 1000);
}

std::string private_secret(const std::string& seed, bool with_public) {
    const auto key = SigningKey::from_raw(SigningKey::Kind::ed25519, seed);
    return "whsk_" + to_base64(with_public ? seed + key->public_key() : seed);
}

TEST(standard_webhooks, signs_the_published_example) {
    EXPECT_EQ(sign_webhook(id, timestamp, body, secret),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    EXPECT_EQ(sign_webhook(id, timestamp, body, secret.substr(6)),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(standard_webhooks, accepts_what_it_signed_and_nothing_else) {
    const std::string good = sign_webhook(id, timestamp, body, secret);
    EXPECT_TRUE(verify(good, secret).ok());
    EXPECT_TRUE(verify("v9,AAAA v1,AAAA " + good, secret).ok());
    EXPECT_FALSE(verify("v1,AAAA", secret).ok());
    EXPECT_FALSE(verify("v1," + good, secret).ok());
    EXPECT_FALSE(verify(good, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").ok());
    const std::vector<std::string> secrets{std::string(secret)};
    EXPECT_FALSE(verify_webhook(headers_with(good), "{}", secrets, timestamp * 1000).ok());
    EXPECT_FALSE(verify_webhook(headers_with(good), body, {}, timestamp * 1000).ok());
}

TEST(standard_webhooks, refuses_time_stamps_beyond_the_tolerance_on_both_sides) {
    const std::string good = sign_webhook(id, timestamp, body, secret);
    EXPECT_TRUE(verify(good, secret, timestamp + 300).ok());
    EXPECT_TRUE(verify(good, secret, timestamp - 300).ok());
    EXPECT_EQ(verify(good, secret, timestamp + 301).error().code, ErrorCode::unauthorized);
    EXPECT_EQ(verify(good, secret, timestamp - 301).error().code, ErrorCode::unauthorized);
}

TEST(standard_webhooks, refuses_missing_and_malformed_headers) {
    const std::vector<std::string> secrets{std::string(secret)};
    EXPECT_EQ(verify_webhook({}, body, secrets, 0).error().code, ErrorCode::bad_request);
    for (const char* odd : {"", "abc", "-5", "1e9", "99999999999999", " 1614265330"}) {
        WebhookHeaders headers = headers_with(sign_webhook(id, timestamp, body, secret));
        headers[1].second = odd;
        EXPECT_EQ(verify_webhook(headers, body, secrets, timestamp * 1000).error().code,
                  ErrorCode::bad_request)
            << odd;
    }
}

TEST(standard_webhooks, signs_with_both_secrets_while_one_replaces_the_other) {
    const std::vector<std::string> both{make_webhook_secret(), std::string(secret)};
    const std::string signatures = sign_webhook(id, timestamp, body, std::span(both));
    EXPECT_TRUE(verify(signatures, both[0]).ok());
    EXPECT_TRUE(verify(signatures, both[1]).ok());
    EXPECT_FALSE(verify(signatures, make_webhook_secret()).ok());
}

TEST(standard_webhooks, signs_with_ed25519_keys_of_both_lengths) {
    const std::string seed(32, '\x07');
    for (const bool with_public : {false, true}) {
        const std::string key = private_secret(seed, with_public);
        EXPECT_EQ(check_webhook_secret(key), std::nullopt);
        const std::string signature = sign_webhook(id, timestamp, body, key);
        EXPECT_TRUE(signature.starts_with("v1a,"));
        EXPECT_TRUE(verify(signature, key).ok());
        EXPECT_TRUE(verify(signature, public_webhook_key(key)).ok());
        EXPECT_FALSE(verify(signature, secret).ok());
        EXPECT_FALSE(verify("v1," + signature.substr(4), public_webhook_key(key)).ok());
    }
}

TEST(standard_webhooks, never_takes_a_public_key_for_a_shared_secret) {
    const std::string key = private_secret(std::string(32, '\x09'), true);
    const std::string public_key = public_webhook_key(key);
    // Whoever knows the public key could forge v1 if its text or bytes were taken as an HMAC key.
    const std::string forged = sign_webhook(id, timestamp, body, public_key.substr(5));
    EXPECT_FALSE(verify(forged, public_key).ok());
    EXPECT_FALSE(verify(forged, key).ok());
}

TEST(standard_webhooks, says_what_is_wrong_with_a_secret) {
    EXPECT_EQ(check_webhook_secret(secret), std::nullopt);
    EXPECT_EQ(check_webhook_secret(make_webhook_secret()), std::nullopt);
    for (const char* bad : {"", "whsec_", "whsec_???", "whsec_AAAA", "whsk_", "whsk_AAAA"}) {
        EXPECT_NE(check_webhook_secret(bad), std::nullopt) << bad;
        EXPECT_FALSE(verify("v1,", bad).ok());
    }
    EXPECT_EQ(sign_webhook(id, timestamp, body, "whsk_AAAA"), "");
}

}  // namespace
}  // namespace hongyan::kit
