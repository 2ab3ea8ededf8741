// The gateway in front of Aliyun's services: takes a request of either style (ACS3-HMAC-SHA256 in
// header fields, or RPC with HMAC-SHA1 in parameters) apart and decides whether it may pass. Safe
// from every thread.
#pragma once

#include <variant>

#include "universe/aliyun/form.hpp"
#include "universe/aliyun/nonces.hpp"
#include "universe/aliyun/replies.hpp"

namespace hongyan::universe::aliyun {

/// A request that passed.
struct Admitted {
    std::string action;
    Parameters parameters;  ///< of query and form, those of the signature included
    std::string signature;  ///< "v3" or "rpc"
};

/// The one account that the service knows.
struct Key {
    std::string id;
    std::string secret;
};

class Gateway {
  public:
    [[nodiscard]] std::variant<Admitted, Refusal> admit(const ServiceRequest& request,
                                                        const Key& key, std::int64_t now_ms);

  private:
    Nonces nonces_;
};

}  // namespace hongyan::universe::aliyun
