// A browser with one subscription. Its keys follow from its id, so that a subscription stays valid
// for ever and nothing is to be stored. Safe from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/signing.hpp"

namespace hongyan::universe::web_push {

class Browser {
  public:
    explicit Browser(std::string_view id);
    /// {"endpoint":...,"expirationTime":null,"keys":{...}}, as PushSubscription.toJSON() gives it.
    [[nodiscard]] std::string subscription(std::string_view endpoint) const;
    /// The plain text of a body in the coding aes128gcm with one record. Errors: bad_request with
    /// what is wrong.
    [[nodiscard]] Result<std::string> decrypt(std::string_view body) const;

  private:
    const SigningKey key_;
    const std::string auth_;
};

}  // namespace hongyan::universe::web_push
