#include "channel/mail/dkim.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::mail {
namespace {

constexpr std::string_view vector_body =
    "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
constexpr std::string_view vector_headers =
    "from:Joe SixPack <joe@football.example.com>\r\n"
    "to:Suzie Q <suzie@shopping.example.net>\r\n"
    "subject:Is dinner ready?\r\n"
    "date:Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "message-id:<20030712040037.46341.5F8J@football.example.com>\r\n";

std::string relaxed(std::string_view body) {
    std::string buffer;
    return std::string(relaxed_body(body, buffer));
}

TEST(dkim, the_vector_of_rfc_8463_is_signed_the_same) {
    EXPECT_EQ(to_base64(sha256(relaxed(vector_body))),
              "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    std::string hashed(vector_headers);
    append_relaxed_header(hashed,
                          "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
                          " d=football.example.com; i=@football.example.com;\r\n"
                          " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
                          " subject : date : message-id : from : subject : date;\r\n"
                          " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                          " b=\r\n");
    const auto key = SigningKey::from_raw(
        SigningKey::Kind::ed25519, *from_base64("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(to_base64(key->sign(sha256(hashed))),
              "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1"
              "Dw==");
}

TEST(dkim, the_rsa_signature_of_rfc_8463_verifies_over_our_canonical_form) {
    std::string hashed(vector_headers);
    append_relaxed_header(hashed,
                          "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
                          " d=football.example.com; i=@football.example.com;\r\n"
                          " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
                          " date : message-id : from : subject : date;\r\n"
                          " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
                          " b=\r\n");
    const auto public_key = from_base64(
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/"
        "J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLz"
        "BfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB");
    const auto signature = from_base64(
        "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOe"
        "S9mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=");
    EXPECT_TRUE(verify_signature(SigningKey::Kind::rsa, *public_key, hashed, *signature));
}

TEST(dkim, bodies_are_relaxed) {
    EXPECT_EQ(relaxed(""), "");
    EXPECT_EQ(relaxed("\r\n\r\n\r\n"), "");
    EXPECT_EQ(relaxed(" \t \r\n\r\n"), "");
    EXPECT_EQ(relaxed("a\r\n"), "a\r\n");
    EXPECT_EQ(relaxed("a\r\n\r\n\r\n"), "a\r\n");
    EXPECT_EQ(relaxed(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");  // RFC 6376 3.4.5
    EXPECT_EQ(relaxed("a \r\n"), "a\r\n");
    EXPECT_EQ(to_base64(sha256(relaxed(""))), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(dkim, headers_are_relaxed) {
    std::string out;
    append_relaxed_header(out, "A: X\r\n");
    EXPECT_EQ(out, "a:X");
    out.clear();
    append_relaxed_header(out, "B : Y\t\r\n\tZ  \r\n");
    EXPECT_EQ(out, "b:Y Z");
    out.clear();
    append_relaxed_header(out, "C:\r\n");
    EXPECT_EQ(out, "c:");
}

TEST(dkim, each_signed_header_is_named_once_more_than_it_occurs) {
    const SignedParts parts = signed_parts("From: a@b.co\r\nTo: c@d.co\r\nX: y\r\n", "text\r\n");
    EXPECT_TRUE(parts.names.starts_with("from:from:to:to:cc:subject:date:"));
    EXPECT_EQ(parts.canonical, "from:a@b.co\r\nto:c@d.co\r\n");
}

DkimSettings settings_for(const SigningKey& key, std::string algorithm) {
    return {"Example.com", "s1", std::move(algorithm), key.private_pem(), ""};
}

TEST(dkim, a_signature_verifies_with_the_public_key) {
    for (const auto& [kind, name] : {std::pair(SigningKey::Kind::rsa, "rsa"),
                                     std::pair(SigningKey::Kind::ed25519, "ed25519")}) {
        const SigningKey key = SigningKey::generate(kind);
        const auto signer = DkimSigner::make(settings_for(key, name));
        ASSERT_TRUE(signer.ok()) << signer.error().detail;
        const SignedParts parts = signed_parts("From: a@example.com\r\n", "text\r\n");
        std::string field;
        signer->append_signature(field, parts, 1'700'000'000'123);
        EXPECT_NE(field.find("t=1700000000;"), field.npos);
        EXPECT_NE(field.find("d=example.com;"), field.npos);
        for (const std::string& line : split(field, '\n')) EXPECT_LE(line.size(), 78U);
        const auto at = field.find("\tb=") + 3;
        std::string base64;
        for (const char c : field.substr(at)) {
            if (c > ' ') base64 += c;
        }
        std::string hashed = parts.canonical;
        append_relaxed_header(hashed, field.substr(0, at));
        if (kind == SigningKey::Kind::ed25519) hashed = sha256(hashed);
        EXPECT_TRUE(verify_signature(kind, key.public_key(), hashed, *from_base64(base64)));
    }
}

TEST(dkim, bad_keys_are_refused_without_showing_them) {
    const SigningKey ed = SigningKey::generate(SigningKey::Kind::ed25519);
    EXPECT_FALSE(DkimSigner::make(settings_for(ed, "rsa")).ok());
    DkimSettings none{"example.com", "s1", "rsa", "not a key: hunter2", ""};
    const auto refused = DkimSigner::make(none);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::config_invalid);
    EXPECT_EQ(refused.error().detail.find("hunter2"), std::string::npos);
    none.private_key_file = "/nonexistent/key.pem";
    EXPECT_FALSE(DkimSigner::make(none).ok());
    none.private_key_file = "/";
    EXPECT_FALSE(DkimSigner::make(none).ok());
}

TEST(dkim, alignment_is_the_domain_itself_or_below_it) {
    const auto signer =
        DkimSigner::make(settings_for(SigningKey::generate(SigningKey::Kind::ed25519), "ed25519"));
    ASSERT_TRUE(signer.ok());
    EXPECT_TRUE(signer->aligned("example.com"));
    EXPECT_TRUE(signer->aligned("mail.example.com"));
    EXPECT_FALSE(signer->aligned("badexample.com"));
    EXPECT_FALSE(signer->aligned("com"));
}

}  // namespace
}  // namespace hongyan::mail
