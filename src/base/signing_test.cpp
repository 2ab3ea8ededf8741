#include "base/signing.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"

namespace hongyan {
namespace {

using Kind = SigningKey::Kind;

std::string hex(std::string_view digits) {
    std::string out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        out += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return out;
}

std::string bytes_of_base64(std::string_view text) { return from_base64(text).value_or(""); }

/// RFC 7515 A.3.1.
constexpr std::string_view es256_x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view es256_y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr std::string_view es256_d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
constexpr std::string_view es256_input =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ";
constexpr std::string_view es256_signature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

TEST(signing, old_digests_match_their_rfcs) {
    EXPECT_EQ(to_hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(to_hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(to_hex(hmac_sha1("Jefe", "what do ya want for nothing?")),
              "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(to_hex(hmac_sha1("", "")), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

TEST(signing, hkdf_matches_rfc_5869) {
    EXPECT_EQ(
        to_hex(hkdf_sha256(hex("000102030405060708090a0b0c"), std::string(22, '\x0b'),
                           hex("f0f1f2f3f4f5f6f7f8f9"), 42)),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    EXPECT_EQ(
        to_hex(hkdf_sha256("", std::string(22, '\x0b'), "", 42)),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(signing, es256_verifies_the_example_of_rfc_7515) {
    const std::string point = "\x04" + bytes_of_base64(es256_x) + bytes_of_base64(es256_y);
    const std::string signature = bytes_of_base64(es256_signature);
    EXPECT_TRUE(verify_signature(Kind::ec_p256, point, es256_input, signature));
    EXPECT_FALSE(verify_signature(Kind::ec_p256, point, "something else", signature));
    EXPECT_FALSE(verify_signature(Kind::ec_p256, point, es256_input, "short"));
    std::string off_curve = point;
    off_curve.back() = static_cast<char>(off_curve.back() ^ 1);
    EXPECT_FALSE(verify_signature(Kind::ec_p256, off_curve, es256_input, signature));
}

TEST(signing, a_p256_key_from_its_scalar_has_the_point_of_rfc_7515) {
    const auto key = SigningKey::from_raw(Kind::ec_p256, bytes_of_base64(es256_d));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->public_key(), "\x04" + bytes_of_base64(es256_x) + bytes_of_base64(es256_y));
    const std::string signature = key->sign(es256_input);
    EXPECT_EQ(signature.size(), 64U);
    EXPECT_TRUE(verify_signature(Kind::ec_p256, key->public_key(), es256_input, signature));
    EXPECT_TRUE(verify_signature(Kind::ec_p256, key->public_pem(), es256_input, signature));
}

TEST(signing, ed25519_matches_rfc_8032) {
    const auto key = SigningKey::from_raw(
        Kind::ed25519, hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->public_key()),
              "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    const std::string signature = key->sign("\x72");
    EXPECT_EQ(to_hex(signature),
              "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    EXPECT_TRUE(verify_signature(Kind::ed25519, key->public_key(), "\x72", signature));
    EXPECT_FALSE(verify_signature(Kind::ed25519, key->public_key(), "\x73", signature));
}

TEST(signing, ecdh_matches_the_nist_vector) {
    // NIST CAVS 14.1, ECC CDH, P-256, COUNT = 0.
    const auto key = SigningKey::from_raw(
        Kind::ec_p256, hex("7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534"));
    ASSERT_TRUE(key);
    const auto secret =
        key->shared_secret(hex("04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
                               "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"));
    ASSERT_TRUE(secret);
    EXPECT_EQ(to_hex(*secret), "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
    EXPECT_FALSE(key->shared_secret(std::string(65, '\x04')));
    EXPECT_FALSE(key->shared_secret(""));
}

TEST(signing, gcm_matches_the_nist_vectors) {
    // The GCM specification's test cases 4 and 16.
    const std::string text = hex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449"
        "a6b525b16aedf5aa0de657ba637b39");
    const std::string extra = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    const std::string nonce = hex("cafebabefacedbaddecaf888");
    const std::string key = hex("feffe9928665731c6d6a8f9467308308");
    const std::string sealed = aes_gcm_encrypt(key, nonce, text, extra);
    EXPECT_EQ(
        to_hex(sealed),
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a"
        "5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");
    EXPECT_EQ(
        to_hex(aes_gcm_encrypt(key + key, nonce, text, extra)),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b"
        "1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
    const auto opened = aes_gcm_decrypt(key, nonce, sealed, extra);
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, text);
    EXPECT_FALSE(aes_gcm_decrypt(key, nonce, sealed, "changed"));
    EXPECT_FALSE(aes_gcm_decrypt(key, nonce, sealed.substr(1), extra));
    EXPECT_FALSE(aes_gcm_decrypt(key, nonce, "short", extra));
    const auto nothing = aes_gcm_decrypt(key, nonce, aes_gcm_encrypt(key, nonce, ""));
    ASSERT_TRUE(nothing);
    EXPECT_EQ(*nothing, "");
}

TEST(signing, cbc_matches_sp_800_38a) {
    const std::string key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    const std::string iv = hex("000102030405060708090a0b0c0d0e0f");
    const std::string text =
        hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    const std::string sealed = aes_256_cbc_encrypt(key, iv, text);
    EXPECT_EQ(to_hex(sealed), "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d");
    const auto opened = aes_256_cbc_decrypt(key, iv, sealed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, text);
    EXPECT_FALSE(aes_256_cbc_decrypt(key, iv, "not sixteen"));
}

TEST(signing, every_kind_of_key_survives_its_pem) {
    for (const Kind kind : {Kind::rsa, Kind::ec_p256, Kind::ed25519}) {
        const SigningKey key = SigningKey::generate(kind);
        const auto again = SigningKey::from_pem(key.private_pem());
        ASSERT_TRUE(again);
        EXPECT_EQ(again->kind(), kind);
        EXPECT_EQ(again->public_key(), key.public_key());
        const std::string signature = key.sign("text");
        EXPECT_TRUE(verify_signature(kind, again->public_key(), "text", signature));
        EXPECT_TRUE(verify_signature(kind, again->public_pem(), "text", signature));
        EXPECT_FALSE(verify_signature(kind, again->public_pem(), "texts", signature));
        EXPECT_FALSE(verify_signature(kind, "", "text", signature));
        EXPECT_FALSE(verify_signature(kind, again->public_key(), "text", ""));
    }
}

TEST(signing, older_pem_forms_are_read) {
    // "openssl ecparam -genkey" writes the curve's name before the key.
    const auto key = SigningKey::from_pem(
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        "-----BEGIN EC PRIVATE KEY-----\n"
        "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
        "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
        "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
        "-----END EC PRIVATE KEY-----\n");
    ASSERT_TRUE(key) << key.error().detail;
    EXPECT_EQ(key->public_key(), "\x04" + bytes_of_base64(es256_x) + bytes_of_base64(es256_y));
}

TEST(signing, what_is_no_key_is_refused_without_showing_it) {
    for (const std::string_view bad :
         {"", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
          "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"}) {
        const auto key = SigningKey::from_pem(bad);
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().code, ErrorCode::config_invalid);
        EXPECT_EQ(key.error().detail.find("AAAA"), std::string::npos);
    }
    EXPECT_FALSE(SigningKey::from_raw(Kind::ec_p256, "short"));
    EXPECT_FALSE(SigningKey::from_raw(Kind::ec_p256, std::string(32, '\0')));
    EXPECT_FALSE(SigningKey::from_raw(Kind::ec_p256, std::string(32, '\xFF')));
    EXPECT_FALSE(SigningKey::from_raw(Kind::rsa, std::string(32, '\x01')));
}

TEST(signing, reserved_bytes_are_percent_encoded) {
    EXPECT_EQ(percent_encoded("Az09-._~"), "Az09-._~");
    EXPECT_EQ(percent_encoded("a b*/+=&%鸿"), "a%20b%2A%2F%2B%3D%26%25%E9%B8%BF");
    EXPECT_EQ(percent_encoded(std::string("\0", 1)), "%00");
}

TEST(signing, a_jwt_has_the_keys_algorithm_and_verifies) {
    const SigningKey key = SigningKey::generate(Kind::ec_p256);
    const std::string jwt = make_jwt(key, R"( {"kid":"K1"} )", R"({"iss":"T"})");
    const auto parts = split(jwt, '.');
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(bytes_of_base64(parts[0]), R"({"alg":"ES256","typ":"JWT","kid":"K1"})");
    EXPECT_EQ(bytes_of_base64(parts[1]), R"({"iss":"T"})");
    EXPECT_TRUE(verify_signature(Kind::ec_p256, key.public_key(), parts[0] + "." + parts[1],
                                 bytes_of_base64(parts[2])));
    const auto plain = split(make_jwt(SigningKey::generate(Kind::rsa), "{}", "{}"), '.');
    EXPECT_EQ(bytes_of_base64(plain[0]), R"({"alg":"RS256","typ":"JWT"})");
}

}  // namespace
}  // namespace hongyan
