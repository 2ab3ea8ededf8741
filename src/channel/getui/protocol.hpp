// The Getui protocol for the kit's HTTP account. One protocol belongs to one account; safe from
// every thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "channel/getui/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::getui {

/// hex(sha256(app key + milliseconds + master secret)), the sign of an authentication.
[[nodiscard]] std::string auth_signature(std::string_view app_key, std::int64_t timestamp_ms,
                                         std::string_view master_secret);

/// The class of an answer that is no success.
[[nodiscard]] OutcomeClass class_of(int http_status, std::int64_t code, std::string_view message);

struct Draft {
    std::string_view request_id;
    std::string_view client_id;
    std::string_view title;
    std::string_view body;
    std::int64_t time_to_live_ms = 7'200'000;
};
/// Error: content_invalid with the sizes.
[[nodiscard]] Result<std::string> make_body(const Draft& draft, const Options& options,
                                            std::size_t limit);

[[nodiscard]] std::unique_ptr<kit::HttpProtocol> make_protocol(Settings settings,
                                                               const Clock& clock);

}  // namespace hongyan::getui
