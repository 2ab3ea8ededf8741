// The JPush protocol for the kit's HTTP account. One protocol belongs to one account; safe from
// every thread.
#pragma once

#include <memory>
#include <string>

#include "channel/jpush/settings.hpp"
#include "kit/http_account.hpp"

namespace hongyan::jpush {

/// The body of a push to one device, without cid; Error: content_invalid with the sizes.
struct Draft {
    std::string_view registration_id;
    std::string_view title;
    std::string_view body;
    std::string_view cid;
    std::int64_t time_to_live_seconds = 86'400;
};
[[nodiscard]] Result<std::string> make_body(const Draft& draft, const Options& options,
                                            const Settings& settings);

/// The class of JPush's code; of the HTTP status when there is none.
[[nodiscard]] OutcomeClass class_of(int http_status, std::int64_t code);

/// GET /v3/push/cid?count=N with the account's credentials.
[[nodiscard]] OutboundRequest cid_request(const Settings& settings, std::int64_t count);

/// With cid "pool" the message's provider_token is its cid.
[[nodiscard]] std::unique_ptr<kit::HttpProtocol> make_protocol(Settings settings,
                                                               const Clock& clock);

}  // namespace hongyan::jpush
