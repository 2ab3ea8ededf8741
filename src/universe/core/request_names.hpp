// The recipients that an HTTP request names, found without knowing the provider: by the usual names
// of query, form and JSON members (To, PhoneNumbers, touser, receive_id, token, ...) and the last
// segment of the path (APNs, Web Push, hooks). Only the chaos script uses them, to choose requests.
// Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "universe/core/service.hpp"

namespace hongyan::universe {

/// Decodes one application/x-www-form-urlencoded text; at most 1,000 pairs.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> form_pairs(std::string_view text);
/// %XX and, for forms, '+' decoded; broken escapes are kept.
[[nodiscard]] std::string url_decoded(std::string_view text, bool plus_is_space);
/// At most 1,000 names.
[[nodiscard]] std::vector<std::string> named_recipients(const ServiceRequest& request);

}  // namespace hongyan::universe
