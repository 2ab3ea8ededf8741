// The provider tokens (JWT) in use. Apple wants one token per team and key to be used for 20 to 60
// minutes and answers 429 to whoever makes more, so the book belongs to the provider, not to an
// account: it survives an account that is changed and opened again. Safe from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/signing.hpp"

namespace hongyan::apns {

/// Who signs, and for which server: tokens are never shared beyond that.
struct Signer {
    std::string origin;
    std::string team_id;
    std::string key_id;
    SigningKey key;

    [[nodiscard]] std::string id() const;
};

class TokenBook {
  public:
    /// The token of signer: the one in use, or a new one when it is older than life (or its time is
    /// in the future: the clock was corrected), or was refused.
    [[nodiscard]] std::string token(const Signer& signer, Millis life, std::int64_t now_ms);
    /// Apple called the token expired or invalid. Many answers say so at once; a token made within
    /// the last minute stays.
    void refused(const Signer& signer);

  private:
    struct Entry {
        std::string token;
        std::int64_t issued_ms = 0;
        std::int64_t asked_ms = 0;  ///< when it was last used; by the clock that made it
        bool refused = false;
    };
    Guarded<std::map<std::string, Entry>> entries_;
};

}  // namespace hongyan::apns
