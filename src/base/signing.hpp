// Digests, signatures and ciphers that providers ask for, all from OpenSSL: what crypto.hpp leaves
// out. Keys are PEM text (PKCS#8, or the older EC and RSA forms). Every function is pure and safe
// from every thread; nothing here throws; an Error's detail never holds key material.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hongyan {

/// 16 raw bytes. Only where a protocol demands it.
[[nodiscard]] std::string md5(std::string_view bytes);
/// 20 raw bytes. Only where a protocol demands it.
[[nodiscard]] std::string sha1(std::string_view bytes);
[[nodiscard]] std::string hmac_sha1(std::string_view key, std::string_view bytes);

/// A private key, parsed once and used by many threads.
class SigningKey {
  public:
    enum class Kind { rsa, ec_p256, ed25519 };
    /// Errors: config_invalid (not a key, or another kind of key).
    [[nodiscard]] static Result<SigningKey> from_pem(std::string_view pem);
    /// A P-256 key from its 32-byte scalar (VAPID's private key), an Ed25519 key from its seed.
    [[nodiscard]] static Result<SigningKey> from_raw(Kind kind, std::string_view bytes);
    /// A fresh one.
    [[nodiscard]] static SigningKey generate(Kind kind);
    [[nodiscard]] Kind kind() const;
    /// RS256: RSASSA-PKCS1-v1_5 with SHA-256. ES256: 64 raw bytes r and s (RFC 7518), not DER.
    /// EdDSA: 64 raw bytes over the bytes themselves.
    [[nodiscard]] std::string sign(std::string_view bytes) const;
    /// P-256: the 65-byte uncompressed point. Ed25519: 32 bytes. RSA: SubjectPublicKeyInfo in DER.
    [[nodiscard]] std::string public_key() const;
    [[nodiscard]] std::string private_pem() const;
    [[nodiscard]] std::string public_pem() const;
    /// P-256 only: the x coordinate shared with a peer's 65-byte point. Errors: bad_request.
    [[nodiscard]] Result<std::string> shared_secret(std::string_view peer_point) const;

  private:
    struct Held;
    explicit SigningKey(std::shared_ptr<const Held> held) : held_(std::move(held)) {}
    std::shared_ptr<const Held> held_;  ///< shared: keys are copied into each account's parts
};

/// public_key as SigningKey::public_key gives it, or PEM; signature in the raw form of sign().
[[nodiscard]] bool verify_signature(SigningKey::Kind kind, std::string_view public_key,
                                    std::string_view bytes, std::string_view signature);

/// HKDF-SHA256 (RFC 5869), extract and expand.
[[nodiscard]] std::string hkdf_sha256(std::string_view salt, std::string_view key,
                                      std::string_view info, std::size_t length);

/// AES-GCM with a 16- or 32-byte key and 12-byte nonce: cipher text and the 16-byte tag behind it.
[[nodiscard]] std::string aes_gcm_encrypt(std::string_view key, std::string_view nonce,
                                          std::string_view text, std::string_view extra = {});
/// Nothing can be told apart when it fails: wrong key, changed bytes or changed extra.
[[nodiscard]] Result<std::string> aes_gcm_decrypt(std::string_view key, std::string_view nonce,
                                                  std::string_view sealed,
                                                  std::string_view extra = {});
/// AES-256-CBC without padding; text is a multiple of 16 bytes.
[[nodiscard]] std::string aes_256_cbc_encrypt(std::string_view key, std::string_view iv,
                                              std::string_view text);
/// Errors: bad_request when the length is not a multiple of 16.
[[nodiscard]] Result<std::string> aes_256_cbc_decrypt(std::string_view key, std::string_view iv,
                                                      std::string_view sealed);

/// RFC 3986: all but A-Z a-z 0-9 - . _ ~ as %XX in upper case.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// "header.claims.signature" (RFC 7519) with alg by the key's kind (RS256, ES256, EdDSA);
/// header_json and claims_json are JSON objects, the header without alg and typ.
[[nodiscard]] std::string make_jwt(const SigningKey& key, std::string_view header_json,
                                   std::string_view claims_json);

}  // namespace hongyan
