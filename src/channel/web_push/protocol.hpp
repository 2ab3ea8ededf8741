// The Web Push protocol for the kit's HTTP account. One protocol belongs to one account; safe from
// every thread.
#pragma once

#include <memory>
#include <string>

#include "channel/web_push/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::web_push {

/// The plain text that the browser's worker gets. Error: content_invalid with the sizes.
[[nodiscard]] Result<std::string> make_payload(std::string_view title, std::string_view body,
                                               const Options& options, std::size_t limit);

/// Errors: config_invalid (the key is none).
[[nodiscard]] Result<std::unique_ptr<kit::HttpProtocol>> make_protocol(Settings settings,
                                                                       const Clock& clock);

}  // namespace hongyan::web_push
