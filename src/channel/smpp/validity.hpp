// validity_period of SMPP: 16 characters, relative ("000000001000000R", ten minutes) or absolute in
// UTC ("261123080000000+"). Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "channel/smpp/settings.hpp"

namespace hongyan::smpp {

/// Seconds from now; 0 or less gives "", the centre's own.
[[nodiscard]] std::string validity_text(ValidityForm form, std::int64_t seconds,
                                        std::int64_t now_ms);

/// How long a message may be tried: what it or the account says (0: nothing), never beyond
/// deliver_by. 0 if nothing limits it.
[[nodiscard]] std::int64_t validity_seconds(std::int64_t wanted_seconds, std::int64_t deliver_by_ms,
                                            std::int64_t now_ms);

}  // namespace hongyan::smpp
