#include "channel/apns/token_book.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::apns {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

}  // namespace

std::string Signer::id() const {
    return origin + "\n" + team_id + "\n" + key_id + "\n" + to_hex(sha256(key.public_key()));
}

std::string TokenBook::token(const Signer& signer, Millis life, std::int64_t now_ms) {
    auto entries = entries_.lock();
    Entry& entry = (*entries)[signer.id()];
    const std::int64_t age = now_ms - entry.issued_ms;
    entry.asked_ms = now_ms;
    if (!entry.token.empty() && !entry.refused && age >= -minute_ms && age < life.count())
        return entry.token;
    entry.refused = false;
    entry.issued_ms = now_ms;
    entry.token = make_jwt(signer.key, "{\"kid\":" + json_quoted(signer.key_id) + "}",
                           "{\"iss\":" + json_quoted(signer.team_id) +
                               ",\"iat\":" + std::to_string(now_ms / 1000) + "}");
    std::string token = entry.token;
    // Keys of accounts that are gone: nobody would take their tokens any more.
    std::erase_if(*entries,
                  [&](const auto& pair) { return pair.second.issued_ms < now_ms - 2 * hour_ms; });
    return token;
}

void TokenBook::refused(const Signer& signer) {
    auto entries = entries_.lock();
    const auto found = entries->find(signer.id());
    if (found == entries->end()) return;
    Entry& entry = found->second;
    if (entry.asked_ms - entry.issued_ms >= minute_ms) entry.refused = true;
}

}  // namespace hongyan::apns
