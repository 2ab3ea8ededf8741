// Delivery receipts as short message centres send them: a text of "label:value" pairs in its many
// dialects, or TLVs, or both. Reading is lenient; the ids of answers and receipts are brought into
// one form, because centres write the same id in hex here and in decimal there. Pure functions,
// safe from every thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "channel/smpp/pdu.hpp"
#include "model/enums.hpp"

namespace hongyan::smpp {

/// How ids of submit_sm_resp and of receipts relate.
enum class IdMode : std::uint8_t { as_is, resp_hex_dlr_dec, resp_dec_dlr_hex };
inline constexpr std::array<std::string_view, 3> id_mode_names{"as_is", "resp_hex_dlr_dec",
                                                               "resp_dec_dlr_hex"};

/// message_state of SMPP 3.4 and, for 0 and 9, 5.0.
enum class DeliveryState : std::uint8_t {
    scheduled,
    enroute,
    delivered,
    expired,
    deleted,
    undeliverable,
    accepted,
    unknown,
    rejected,
    skipped,
};
/// "DELIVRD": as the text form writes it.
[[nodiscard]] std::string_view to_text(DeliveryState state);
/// delivered, failed, or success for states that are not final.
[[nodiscard]] MessageStatus status_of(DeliveryState state, bool accepted_is_delivered);

/// What one receipt says.
struct ReceiptFacts {
    std::string id;  ///< normalised, see normal_id
    DeliveryState state = DeliveryState::unknown;
    std::string error;          ///< the err field, as it stands
    std::string network_error;  ///< "3/34" (type/code) from its TLV, or ""
    std::int64_t done_ms = 0;   ///< 0 if it does not say
};

struct ReceiptRules {
    IdMode id_mode = IdMode::as_is;
    std::int64_t zone_minutes = 0;  ///< of the centre's clock, east of Greenwich
};

/// The id of a submit_sm_resp in the form that all of ours have: lower case, no leading zeros,
/// decimal where the mode converts.
[[nodiscard]] std::string normal_answer_id(std::string_view id, IdMode mode);
/// The same for an id out of a receipt's text.
[[nodiscard]] std::string normal_receipt_id(std::string_view id, IdMode mode);

/// Nothing if this is no receipt but a message from a person.
[[nodiscard]] std::optional<ReceiptFacts> read_receipt(const ShortMessage& message,
                                                       const ReceiptRules& rules);
/// 10 (yymmddhhmm), 12 or 14 digits; 0 if it is no date.
[[nodiscard]] std::int64_t read_receipt_date(std::string_view digits, std::int64_t zone_minutes);
/// "Z", "+08:00", "-0330": minutes east of Greenwich.
[[nodiscard]] std::optional<std::int64_t> read_zone(std::string_view text);

}  // namespace hongyan::smpp
