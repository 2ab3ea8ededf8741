#include "universe/web_push/browser.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::universe::web_push {
namespace {

SigningKey key_of(std::string_view id) {
    auto key = SigningKey::from_raw(SigningKey::Kind::ec_p256,
                                    sha256("hongyan sandbox browser " + std::string(id)));
    HY_ASSERT(key);
    return *key;
}

Error wrong(std::string what) { return make_error(ErrorCode::bad_request, std::move(what)); }

constexpr std::size_t fixed_header = 21;  ///< salt, record size and length of the key id

}  // namespace

Browser::Browser(std::string_view id)
    : key_(key_of(id)),
      auth_(sha256("hongyan sandbox browser auth " + std::string(id)).substr(0, 16)) {}

std::string Browser::subscription(std::string_view endpoint) const {
    return "{\"endpoint\":" + json_quoted(endpoint) +
           ",\"expirationTime\":null,\"keys\":{\"p256dh\":\"" + to_base64url(key_.public_key()) +
           "\",\"auth\":\"" + to_base64url(auth_) + "\"}}";
}

Result<std::string> Browser::decrypt(std::string_view body) const {
    using namespace std::string_literals;
    if (body.size() < fixed_header) return wrong("the body is shorter than its header");
    const std::string_view salt = body.substr(0, 16);
    std::size_t record_size = 0;
    for (std::size_t i = 16; i < 20; ++i)
        record_size = record_size << 8 | static_cast<unsigned char>(body[i]);
    const std::size_t id_size = static_cast<unsigned char>(body[20]);
    if (record_size < 18) return wrong("the record size is less than 18");
    if (id_size != 65 || body.size() < fixed_header + id_size)
        return wrong("the key id is not a public key of 65 bytes");
    const std::string_view sender = body.substr(fixed_header, id_size);
    const std::string_view record = body.substr(fixed_header + id_size);
    if (record.size() > record_size) return wrong("more than one record, push allows one");

    const auto shared = key_.shared_secret(sender);
    if (!shared) return wrong("the sender's key is no point of the curve");
    // RFC 8291 3.4, step by step with HMAC rather than by the sender's shorter way.
    const std::string prk_key = hmac_sha256(auth_, *shared);
    const std::string info = "WebPush: info\0"s + key_.public_key() + std::string(sender) + '\x01';
    const std::string prk = hmac_sha256(salt, hmac_sha256(prk_key, info));
    const std::string key = hmac_sha256(prk, "Content-Encoding: aes128gcm\0\x01"s).substr(0, 16);
    const std::string nonce = hmac_sha256(prk, "Content-Encoding: nonce\0\x01"s).substr(0, 12);
    auto plain = aes_gcm_decrypt(key, nonce, record);
    if (!plain) return wrong("the body was not encrypted for this subscription");
    const auto end = plain->find_last_not_of('\0');
    if (end == std::string::npos || (*plain)[end] != '\x02')
        return wrong("the padding does not begin with 2");
    return plain->substr(0, end);
}

}  // namespace hongyan::universe::web_push
