// Reads Twilio's status callbacks. Pure, safe from every thread; who sent them is checked
// elsewhere.
#pragma once

#include <optional>

#include "channel/twilio/url.hpp"
#include "contract/channel.hpp"

namespace hongyan::twilio {

/// The receipt in a callback's fields; nothing if it is about no message that was sent (an incoming
/// one, a status of the future).
[[nodiscard]] std::optional<Receipt> read_receipt(const Form& fields);

}  // namespace hongyan::twilio
