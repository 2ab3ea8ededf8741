// The FCM protocol for the kit's HTTP account. One protocol belongs to one account; safe from every
// thread.
#pragma once

#include <memory>

#include "channel/fcm/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::fcm {

/// Errors: config_invalid (the service account).
[[nodiscard]] Result<std::unique_ptr<kit::HttpProtocol>> make_protocol(Settings settings,
                                                                       const Clock& clock);

}  // namespace hongyan::fcm
