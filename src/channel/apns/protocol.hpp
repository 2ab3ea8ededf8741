// The APNs protocol for the kit's HTTP account: a message becomes POST /3/device/TOKEN, an answer
// becomes an outcome. One protocol belongs to one account; it shares the provider's TokenBook. Safe
// from every thread.
#pragma once

#include <memory>

#include "channel/apns/settings.hpp"
#include "channel/apns/token_book.hpp"
#include "kit/http_account.hpp"

namespace hongyan::apns {

/// Errors: config_invalid (the key is none).
[[nodiscard]] Result<std::unique_ptr<kit::HttpProtocol>> make_protocol(
    Settings settings, std::shared_ptr<TokenBook> tokens, const Clock& clock);

}  // namespace hongyan::apns
