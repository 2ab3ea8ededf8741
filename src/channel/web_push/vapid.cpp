#include "channel/web_push/vapid.hpp"

#include "base/text.hpp"

namespace hongyan::web_push {

Vapid::Vapid(SigningKey key, std::string subject, Millis life)
    : key_(std::move(key)),
      public_key_(to_base64url(key_.public_key())),
      subject_(std::move(subject)),
      life_(life) {}

std::string Vapid::authorization(const std::string& origin, std::int64_t now_ms) {
    auto entries = entries_.lock();
    if (entries->size() >= max_origins && !entries->contains(origin)) entries->clear();
    Entry& entry = (*entries)[origin];
    const std::int64_t age = now_ms - entry.issued_ms;
    // Made anew after nine tenths of its life, or when the clock was corrected backwards.
    if (entry.token.empty() || age < -60'000 || age * 10 > life_.count() * 9) {
        const std::int64_t expires = (now_ms + life_.count()) / 1000;
        entry.issued_ms = now_ms;
        entry.token =
            make_jwt(key_, "{}",
                     "{\"aud\":" + json_quoted(origin) + ",\"exp\":" + std::to_string(expires) +
                         ",\"sub\":" + json_quoted(subject_) + "}");
    }
    return "vapid t=" + entry.token + ", k=" + public_key_;
}

}  // namespace hongyan::web_push
