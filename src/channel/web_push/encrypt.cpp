#include "channel/web_push/encrypt.hpp"

#include <algorithm>

#include "base/crypto.hpp"

namespace hongyan::web_push {
namespace {

/// The record size that every push service takes; a longer text gets one record of its own size.
constexpr std::size_t usual_record = 4096;
constexpr std::size_t tag_and_delimiter = 17;

std::string header_of(const Fresh& fresh, const std::string& point, std::size_t text_size) {
    const std::size_t record = std::max(usual_record, text_size + tag_and_delimiter);
    std::string header = fresh.salt;
    for (int shift = 24; shift >= 0; shift -= 8)
        header.push_back(static_cast<char>((record >> shift) & 0xFF));
    header.push_back(static_cast<char>(point.size()));
    return header + point;
}

}  // namespace

Fresh make_fresh() { return {SigningKey::generate(SigningKey::Kind::ec_p256), random_bytes(16)}; }

Result<std::string> encrypt(std::string_view text, const Subscription& subscription,
                            const Fresh& fresh) {
    using namespace std::string_literals;
    HY_ASSERT(fresh.salt.size() == 16 && subscription.auth.size() == 16);
    auto shared = fresh.key.shared_secret(subscription.p256dh);
    if (!shared) {
        return make_error(ErrorCode::recipient_invalid,
                          "keys.p256dh of the subscription is no point of the curve");
    }
    const std::string point = fresh.key.public_key();
    const std::string input = hkdf_sha256(subscription.auth, *shared,
                                          "WebPush: info\0"s + subscription.p256dh + point, 32);
    const std::string key = hkdf_sha256(fresh.salt, input, "Content-Encoding: aes128gcm\0"s, 16);
    const std::string nonce = hkdf_sha256(fresh.salt, input, "Content-Encoding: nonce\0"s, 12);
    // 2 marks the last record.
    const std::string record = std::string(text) + '\x02';
    return header_of(fresh, point, text.size()) + aes_gcm_encrypt(key, nonce, record);
}

}  // namespace hongyan::web_push
