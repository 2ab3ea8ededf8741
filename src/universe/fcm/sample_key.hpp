// The RSA key of the sandbox's service account. Pure, safe from every thread.
#pragma once

#include <string>

namespace hongyan::universe::fcm {

/// PKCS#8 in PEM.
[[nodiscard]] std::string sample_private_key();

}  // namespace hongyan::universe::fcm
