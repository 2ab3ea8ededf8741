// The digests, HKDF and the AES modes of signing.hpp.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/signing_openssl.hpp"

namespace hongyan {
namespace {

using openssl::bytes_of;

constexpr std::size_t tag_size = 16;
constexpr std::size_t block_size = 16;
constexpr std::size_t nonce_size = 12;
/// OpenSSL counts in int; nothing that is sealed here comes near it.
constexpr std::size_t max_text = std::size_t{1} << 30;

std::string digest(const EVP_MD* kind, std::string_view bytes) {
    std::string out(static_cast<std::size_t>(EVP_MD_get_size(kind)), '\0');
    unsigned int size = 0;
    const int done = EVP_Digest(bytes.data(), bytes.size(), bytes_of(out), &size, kind, nullptr);
    HY_ASSERT(done == 1 && size == out.size());
    return out;
}

const EVP_CIPHER* gcm_for(std::string_view key) {
    HY_ASSERT(key.size() == 16 || key.size() == 32);
    return key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
}

openssl::CipherContext new_context() {
    openssl::CipherContext context(EVP_CIPHER_CTX_new());
    HY_ASSERT(context != nullptr);
    return context;
}

/// One pass of AES-256-CBC; the sizes are the caller's duty.
std::string cbc(std::string_view key, std::string_view iv, std::string_view text, int encrypt) {
    HY_ASSERT(key.size() == 32 && iv.size() == block_size && text.size() <= max_text);
    const auto context = new_context();
    std::string out(text.size() + block_size, '\0');
    int size = 0;
    int rest = 0;
    const bool done = EVP_CipherInit_ex(context.get(), EVP_aes_256_cbc(), nullptr, bytes_of(key),
                                        bytes_of(iv), encrypt) == 1 &&
                      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
                      EVP_CipherUpdate(context.get(), bytes_of(out), &size, bytes_of(text),
                                       static_cast<int>(text.size())) == 1 &&
                      EVP_CipherFinal_ex(context.get(), bytes_of(out) + size, &rest) == 1;
    HY_ASSERT(done);
    out.resize(text.size());
    return out;
}

}  // namespace

std::string md5(std::string_view bytes) { return digest(EVP_md5(), bytes); }
std::string sha1(std::string_view bytes) { return digest(EVP_sha1(), bytes); }

std::string hmac_sha1(std::string_view key, std::string_view bytes) {
    std::string out(20, '\0');
    unsigned int size = 0;
    // A null key would mean "the key of before" to OpenSSL.
    const char* start = key.empty() ? "" : key.data();
    const auto* done = HMAC(EVP_sha1(), start, static_cast<int>(key.size()), bytes_of(bytes),
                            bytes.size(), bytes_of(out), &size);
    HY_ASSERT(done != nullptr && size == out.size());
    return out;
}

std::string hkdf_sha256(std::string_view salt, std::string_view key, std::string_view info,
                        std::size_t length) {
    constexpr std::size_t block = 32;
    HY_ASSERT(length <= 255 * block);
    const std::string zeros(block, '\0');  // RFC 5869 2.2: the salt that is not given
    const std::string prk = hmac_sha256(salt.empty() ? std::string_view(zeros) : salt, key);
    std::string out;
    std::string last;
    for (unsigned char counter = 1; out.size() < length; ++counter) {
        last += info;
        last += static_cast<char>(counter);
        last = hmac_sha256(prk, last);
        out += last;
    }
    out.resize(length);
    return out;
}

std::string aes_gcm_encrypt(std::string_view key, std::string_view nonce, std::string_view text,
                            std::string_view extra) {
    HY_ASSERT(nonce.size() == nonce_size && text.size() <= max_text && extra.size() <= max_text);
    const auto context = new_context();
    std::string out(text.size() + tag_size, '\0');
    int size = 0;
    int rest = 0;
    const bool done =
        EVP_EncryptInit_ex(context.get(), gcm_for(key), nullptr, bytes_of(key), bytes_of(nonce)) ==
            1 &&
        (extra.empty() || EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(extra),
                                            static_cast<int>(extra.size())) == 1) &&
        EVP_EncryptUpdate(context.get(), bytes_of(out), &size, bytes_of(text),
                          static_cast<int>(text.size())) == 1 &&
        EVP_EncryptFinal_ex(context.get(), bytes_of(out) + size, &rest) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size,
                            bytes_of(out) + text.size()) == 1;
    HY_ASSERT(done);
    return out;
}

Result<std::string> aes_gcm_decrypt(std::string_view key, std::string_view nonce,
                                    std::string_view sealed, std::string_view extra) {
    HY_ASSERT(nonce.size() == nonce_size);
    const auto fails = [] {
        return make_error(ErrorCode::bad_request, "the sealed bytes do not fit the key");
    };
    if (sealed.size() < tag_size || sealed.size() > max_text || extra.size() > max_text)
        return fails();
    std::string tag(sealed.substr(sealed.size() - tag_size));
    sealed.remove_suffix(tag_size);
    const auto context = new_context();
    std::string out(sealed.size() + block_size, '\0');
    int size = 0;
    int rest = 0;
    const bool done =
        EVP_DecryptInit_ex(context.get(), gcm_for(key), nullptr, bytes_of(key), bytes_of(nonce)) ==
            1 &&
        (extra.empty() || EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(extra),
                                            static_cast<int>(extra.size())) == 1) &&
        EVP_DecryptUpdate(context.get(), bytes_of(out), &size, bytes_of(sealed),
                          static_cast<int>(sealed.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), bytes_of(out) + size, &rest) == 1;
    if (!done) return fails();
    out.resize(sealed.size());
    return out;
}

std::string aes_256_cbc_encrypt(std::string_view key, std::string_view iv, std::string_view text) {
    HY_ASSERT(text.size() % block_size == 0);
    return cbc(key, iv, text, 1);
}

Result<std::string> aes_256_cbc_decrypt(std::string_view key, std::string_view iv,
                                        std::string_view sealed) {
    if (sealed.size() % block_size != 0 || sealed.size() > max_text) {
        return make_error(ErrorCode::bad_request, "the length is not a multiple of 16");
    }
    return cbc(key, iv, sealed, 0);
}

}  // namespace hongyan
