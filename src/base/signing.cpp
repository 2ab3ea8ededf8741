#include "base/signing.hpp"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <optional>

#include "base/signing_openssl.hpp"
#include "base/text.hpp"

namespace hongyan {

struct SigningKey::Held {
    Kind kind = Kind::ec_p256;
    openssl::Pkey key;
};

namespace {

using openssl::bytes_of;
using openssl::Pkey;
using Kind = SigningKey::Kind;

constexpr std::size_t scalar_size = 32;
constexpr std::size_t point_size = 65;
constexpr int min_rsa_bits = 1024;

Error not_a_key(std::string detail) {
    ERR_clear_error();
    return make_error(ErrorCode::config_invalid, std::move(detail));
}

/// Keys with a passphrase are refused; without this OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

openssl::Bio reader_of(std::string_view text) {
    constexpr std::size_t max_pem = 64 * 1024;
    const std::size_t size = text.size() > max_pem ? 0 : text.size();
    return openssl::Bio(BIO_new_mem_buf(text.data(), static_cast<int>(size)));
}

std::string text_of(const openssl::Bio& bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::optional<Kind> kind_of(const EVP_PKEY* key) {
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            if (EVP_PKEY_get_bits(key) < min_rsa_bits) return std::nullopt;
            return Kind::rsa;
        case EVP_PKEY_ED25519:
            return Kind::ed25519;
        case EVP_PKEY_EC: {
            char name[64] = {};
            const int got = EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name,
                                                           sizeof name, nullptr);
            if (got != 1) return std::nullopt;
            const std::string_view curve = name;
            if (curve == "prime256v1" || curve == "P-256") return Kind::ec_p256;
            return std::nullopt;
        }
        default:
            return std::nullopt;
    }
}

/// A P-256 key of a point and, if given, its scalar; null if the point is not on the curve.
Pkey p256_key(std::string_view point, std::string_view scalar) {
    if (point.size() != point_size || point[0] != '\x04') return nullptr;
    const openssl::PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    const std::unique_ptr<OSSL_PARAM_BLD, openssl::Release<OSSL_PARAM_BLD_free>> builder(
        OSSL_PARAM_BLD_new());
    const std::unique_ptr<BIGNUM, openssl::Release<BN_clear_free>> number(
        BN_bin2bn(bytes_of(scalar), static_cast<int>(scalar.size()), nullptr));
    HY_ASSERT(context && builder && number);
    bool built = OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                 "prime256v1", 0) == 1 &&
                 OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                  point.data(), point.size()) == 1;
    if (!scalar.empty()) {
        built = built && OSSL_PARAM_BLD_push_BN_pad(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY,
                                                    number.get(), scalar_size) == 1;
    }
    const std::unique_ptr<OSSL_PARAM, openssl::Release<OSSL_PARAM_free>> params(
        OSSL_PARAM_BLD_to_param(builder.get()));
    HY_ASSERT(built && params);
    EVP_PKEY* made = nullptr;
    const int selection = scalar.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
    const bool done = EVP_PKEY_fromdata_init(context.get()) == 1 &&
                      EVP_PKEY_fromdata(context.get(), &made, selection, params.get()) == 1;
    Pkey key(made);
    if (!done) return nullptr;
    const openssl::PkeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    HY_ASSERT(check != nullptr);
    return EVP_PKEY_public_check(check.get()) == 1 ? std::move(key) : nullptr;
}

/// The point of a scalar, or "" if the scalar is 0 or too large.
std::string point_of_scalar(std::string_view scalar) {
    using Group = std::unique_ptr<EC_GROUP, openssl::Release<EC_GROUP_free>>;
    using Point = std::unique_ptr<EC_POINT, openssl::Release<EC_POINT_free>>;
    const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    const std::unique_ptr<BIGNUM, openssl::Release<BN_clear_free>> number(
        BN_bin2bn(bytes_of(scalar), static_cast<int>(scalar.size()), nullptr));
    HY_ASSERT(group && number);
    if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) >= 0)
        return {};
    const Point point(EC_POINT_new(group.get()));
    std::string out(point_size, '\0');
    const bool done =
        point != nullptr &&
        EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1 &&
        EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, bytes_of(out),
                           out.size(), nullptr) == out.size();
    HY_ASSERT(done);
    return out;
}

Pkey public_from_pem(std::string_view pem) {
    if (pem.find("BEGIN CERTIFICATE") != std::string_view::npos) {
        const auto bio = reader_of(pem);
        const openssl::Certificate certificate(
            PEM_read_bio_X509(bio.get(), nullptr, &no_passphrase, nullptr));
        return Pkey(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
    }
    const auto bio = reader_of(pem);
    return Pkey(PEM_read_bio_PUBKEY(bio.get(), nullptr, &no_passphrase, nullptr));
}

Pkey public_from(Kind kind, std::string_view bytes) {
    if (bytes.find("-----BEGIN ") != std::string_view::npos) return public_from_pem(bytes);
    if (kind == Kind::ec_p256) return p256_key(bytes, {});
    if (kind == Kind::ed25519) {
        return Pkey(
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size()));
    }
    const unsigned char* at = bytes_of(bytes);
    return Pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(bytes.size())));
}

const EVP_MD* digest_of(Kind kind) { return kind == Kind::ed25519 ? nullptr : EVP_sha256(); }

using Signature = std::unique_ptr<ECDSA_SIG, openssl::Release<ECDSA_SIG_free>>;

std::string raw_of_der(std::string_view der) {
    const unsigned char* at = bytes_of(der);
    const Signature pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    HY_ASSERT(pair != nullptr);
    std::string raw(2 * scalar_size, '\0');
    const bool done =
        BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes_of(raw), scalar_size) > 0 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes_of(raw) + scalar_size, scalar_size) > 0;
    HY_ASSERT(done);
    return raw;
}

std::string der_of_raw(std::string_view raw) {
    if (raw.size() != 2 * scalar_size) return {};
    const Signature pair(ECDSA_SIG_new());
    HY_ASSERT(pair != nullptr);
    ECDSA_SIG_set0(pair.get(), BN_bin2bn(bytes_of(raw), scalar_size, nullptr),
                   BN_bin2bn(bytes_of(raw) + scalar_size, scalar_size, nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    HY_ASSERT(size > 0);
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

std::string_view algorithm_of(Kind kind) {
    switch (kind) {
        case Kind::rsa:
            return "RS256";
        case Kind::ec_p256:
            return "ES256";
        case Kind::ed25519:
            break;
    }
    return "EdDSA";
}

}  // namespace

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
    const auto bio = reader_of(pem);
    Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr));
    if (key == nullptr) {
        return not_a_key("not a private key in PEM form, or one with a passphrase");
    }
    const auto kind = kind_of(key.get());
    if (!kind) return not_a_key("the key is of another kind than RSA, EC P-256 or Ed25519");
    return SigningKey(std::make_shared<const Held>(Held{*kind, std::move(key)}));
}

Result<SigningKey> SigningKey::from_raw(Kind kind, std::string_view bytes) {
    if (kind == Kind::rsa) return not_a_key("an RSA key has no raw form");
    if (bytes.size() != scalar_size) return not_a_key("the raw key must have 32 bytes");
    Pkey key;
    if (kind == Kind::ed25519) {
        key.reset(
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size()));
    } else {
        key = p256_key(point_of_scalar(bytes), bytes);
    }
    if (key == nullptr) return not_a_key("the raw key is out of range");
    return SigningKey(std::make_shared<const Held>(Held{kind, std::move(key)}));
}

SigningKey SigningKey::generate(Kind kind) {
    Pkey key;
    if (kind == Kind::rsa) {
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
    } else if (kind == Kind::ec_p256) {
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    } else {
        key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    }
    HY_ASSERT(key != nullptr);
    return SigningKey(std::make_shared<const Held>(Held{kind, std::move(key)}));
}

SigningKey::Kind SigningKey::kind() const { return held_->kind; }

std::string SigningKey::sign(std::string_view bytes) const {
    const openssl::DigestContext context(EVP_MD_CTX_new());
    HY_ASSERT(context != nullptr);
    std::size_t size = 0;
    const bool sized =
        EVP_DigestSignInit(context.get(), nullptr, digest_of(kind()), nullptr, held_->key.get()) ==
            1 &&
        EVP_DigestSign(context.get(), nullptr, &size, bytes_of(bytes), bytes.size()) == 1;
    HY_ASSERT(sized);
    std::string signature(size, '\0');
    const int done =
        EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(bytes), bytes.size());
    HY_ASSERT(done == 1);
    signature.resize(size);
    return kind() == Kind::ec_p256 ? raw_of_der(signature) : signature;
}

std::string SigningKey::public_key() const {
    if (kind() == Kind::rsa) {
        unsigned char* der = nullptr;
        const int size = i2d_PUBKEY(held_->key.get(), &der);
        HY_ASSERT(size > 0);
        std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
        OPENSSL_free(der);
        return out;
    }
    unsigned char* bytes = nullptr;
    if (kind() == Kind::ec_p256) {
        const std::size_t size = EVP_PKEY_get1_encoded_public_key(held_->key.get(), &bytes);
        HY_ASSERT(size == point_size);
        std::string out(reinterpret_cast<const char*>(bytes), size);
        OPENSSL_free(bytes);
        return out;
    }
    std::string out(32, '\0');
    std::size_t size = out.size();
    HY_ASSERT(EVP_PKEY_get_raw_public_key(held_->key.get(), bytes_of(out), &size) == 1);
    return out;
}

std::string SigningKey::private_pem() const {
    const openssl::Bio bio(BIO_new(BIO_s_mem()));
    HY_ASSERT(bio != nullptr);
    const int done = PEM_write_bio_PKCS8PrivateKey(bio.get(), held_->key.get(), nullptr, nullptr, 0,
                                                   nullptr, nullptr);
    HY_ASSERT(done == 1);
    return text_of(bio);
}

std::string SigningKey::public_pem() const {
    const openssl::Bio bio(BIO_new(BIO_s_mem()));
    HY_ASSERT(bio != nullptr && PEM_write_bio_PUBKEY(bio.get(), held_->key.get()) == 1);
    return text_of(bio);
}

Result<std::string> SigningKey::shared_secret(std::string_view peer_point) const {
    HY_ASSERT(kind() == Kind::ec_p256);
    const Pkey peer = p256_key(peer_point, {});
    if (peer == nullptr) {
        ERR_clear_error();
        return make_error(ErrorCode::bad_request, "the peer's key is not a point of P-256");
    }
    const openssl::PkeyContext context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, held_->key.get(), nullptr));
    HY_ASSERT(context != nullptr);
    std::string secret(scalar_size, '\0');
    std::size_t size = secret.size();
    const bool done = EVP_PKEY_derive_init(context.get()) == 1 &&
                      EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                      EVP_PKEY_derive(context.get(), bytes_of(secret), &size) == 1;
    HY_ASSERT(done && size == scalar_size);
    return secret;
}

bool verify_signature(SigningKey::Kind kind, std::string_view public_key, std::string_view bytes,
                      std::string_view signature) {
    const Pkey key = public_from(kind, public_key);
    const std::string der = kind == Kind::ec_p256 ? der_of_raw(signature) : std::string(signature);
    const openssl::DigestContext context(EVP_MD_CTX_new());
    HY_ASSERT(context != nullptr);
    const bool good =
        key != nullptr && kind_of(key.get()) == kind && !der.empty() &&
        EVP_DigestVerifyInit(context.get(), nullptr, digest_of(kind), nullptr, key.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes_of(der), der.size(), bytes_of(bytes), bytes.size()) ==
            1;
    ERR_clear_error();
    return good;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (plain.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string make_jwt(const SigningKey& key, std::string_view header_json,
                     std::string_view claims_json) {
    std::string_view inner = trim(header_json);
    if (inner.size() >= 2 && inner.front() == '{' && inner.back() == '}') {
        inner = trim(inner.substr(1, inner.size() - 2));
    }
    std::string header = R"({"alg":")" + std::string(algorithm_of(key.kind())) + R"(","typ":"JWT")";
    if (!inner.empty()) header.append(",").append(inner);
    header += '}';
    const std::string text = to_base64url(header) + '.' + to_base64url(claims_json);
    return text + '.' + to_base64url(key.sign(text));
}

}  // namespace hongyan
