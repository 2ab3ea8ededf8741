// command_status: what an SMSC's refusal means for the message, the bind and the account. The one
// table of codes; vendor codes (0x400 to 0x4FF) may be classed by a setting. Pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "model/enums.hpp"

namespace hongyan::smpp {

/// The codes that the bind itself reacts to.
inline constexpr std::uint32_t status_ok = 0x00;
inline constexpr std::uint32_t status_invalid_length = 0x02;
inline constexpr std::uint32_t status_invalid_command = 0x03;
inline constexpr std::uint32_t status_not_bound = 0x04;
inline constexpr std::uint32_t status_already_bound = 0x05;
inline constexpr std::uint32_t status_invalid_source = 0x0A;
inline constexpr std::uint32_t status_queue_full = 0x14;
inline constexpr std::uint32_t status_throttled = 0x58;
inline constexpr std::uint32_t status_try_later = 0x64;

/// Classes of vendor codes by a setting: code -> class.
using StatusMap = std::map<std::uint32_t, OutcomeClass>;

/// The class of an answer to submit_sm. Codes that nobody knows are transient, as the reference
/// says of vendor codes: the SMSC answered, so nothing was accepted and another try does no harm.
[[nodiscard]] OutcomeClass class_of(std::uint32_t status, const StatusMap& vendor = {});
/// "0x00000058 ESME_RTHROTTLED", or the bare code if it has no name.
[[nodiscard]] std::string status_text(std::uint32_t status);
/// A refused bind that no repeat will mend: wrong password, unknown system_id and their like.
[[nodiscard]] bool is_bind_refusal(std::uint32_t status);

}  // namespace hongyan::smpp
