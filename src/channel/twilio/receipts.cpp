#include "channel/twilio/receipts.hpp"

#include <array>

#include "base/text.hpp"
#include "channel/twilio/outcome.hpp"

namespace hongyan::twilio {
namespace {

struct StatusRow {
    std::string_view name;
    MessageStatus status;
};
constexpr std::array status_table = std::to_array<StatusRow>({
    {"accepted", MessageStatus::success},
    {"scheduled", MessageStatus::success},
    {"queued", MessageStatus::success},
    {"sending", MessageStatus::success},
    {"sent", MessageStatus::success},
    {"partially_delivered", MessageStatus::success},
    {"delivered", MessageStatus::delivered},
    {"read", MessageStatus::delivered},
    {"undelivered", MessageStatus::failed},
    {"failed", MessageStatus::failed},
    {"canceled", MessageStatus::failed},
});

std::string_view first_of(const Form& fields, std::string_view name, std::string_view older) {
    const std::string_view value = value_in(fields, name);
    return value.empty() ? value_in(fields, older) : value;
}

}  // namespace

std::optional<Receipt> read_receipt(const Form& fields) {
    const std::string_view status = first_of(fields, "MessageStatus", "SmsStatus");
    const std::string_view sid = first_of(fields, "MessageSid", "SmsSid");
    if (sid.empty()) return std::nullopt;
    for (const StatusRow& row : status_table) {
        if (row.name != status) continue;
        Receipt receipt;
        receipt.provider_message_id = sid;
        receipt.status = row.status;
        const std::string_view code = value_in(fields, "ErrorCode");
        receipt.code = code.empty() ? status : code;
        receipt.detail = value_in(fields, "ErrorMessage");
        if (receipt.detail.empty()) receipt.detail = "Twilio says " + std::string(status) + ".";
        receipt.suppress = suppression_of(parse_int(code).value_or(0));
        if (!receipt.suppress.empty()) receipt.recipient = value_in(fields, "To");
        return receipt;
    }
    return std::nullopt;
}

}  // namespace hongyan::twilio
