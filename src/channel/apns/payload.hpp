// The JSON that a device receives: made from a message's title and text and its options. Pure, safe
// from every thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "channel/apns/settings.hpp"

namespace hongyan::apns {

struct Text {
    std::string_view title;
    std::string_view body;
};

/// The payload, at most limit bytes. Error: content_invalid with the sizes, when it is longer and
/// options do not allow to cut the text (or cutting does not help).
[[nodiscard]] Result<std::string> make_payload(const Text& text, const Options& options,
                                               std::string_view push_type, std::size_t limit);

}  // namespace hongyan::apns
