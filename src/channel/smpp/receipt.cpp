#include "channel/smpp/receipt.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.hpp"

namespace hongyan::smpp {
namespace {

using enum DeliveryState;

constexpr std::array<std::string_view, 10> state_texts{"SCHEDULED", "ENROUTE", "DELIVRD", "EXPIRED",
                                                       "DELETED",   "UNDELIV", "ACCEPTD", "UNKNOWN",
                                                       "REJECTD",   "SKIPPED"};

/// Beginnings of the words that are seen in stat:, in lower case.
constexpr std::array<std::pair<std::string_view, DeliveryState>, 16> state_words{{
    {"deliv", delivered},
    {"undel", undeliverable},
    {"expir", expired},
    {"delet", deleted},
    {"accep", accepted},
    {"reject", rejected},
    {"rejec", rejected},
    {"enrou", enroute},
    {"unkno", unknown},
    {"sched", scheduled},
    {"skip", skipped},
    {"fail", undeliverable},
    {"buffe", enroute},
    {"esme_rok", delivered},
    {"sent", enroute},
    {"block", rejected},
}};

/// The labels of a receipt, longest first where one begins like another.
constexpr std::array<std::string_view, 9> labels{
    "submit date", "submit_date", "done date", "done_date", "dlvrd", "sub", "stat", "err", "id"};
constexpr std::string_view text_label = "text";

/// The place of the first label at or behind from; "" if there is none. What follows text: belongs
/// to the message, whatever it looks like.
struct LabelAt {
    std::string_view label;
    std::size_t at = std::string_view::npos;
    std::size_t value = std::string_view::npos;
};

/// The position behind "label" and its colon at that place, or npos.
std::size_t behind_label(std::string_view lower, std::size_t at, std::string_view label) {
    if (lower.substr(at, label.size()) != label) return lower.npos;
    std::size_t i = at + label.size();
    while (i < lower.size() && lower[i] == ' ') ++i;
    return i < lower.size() && lower[i] == ':' ? i + 1 : lower.npos;
}

LabelAt next_label(std::string_view lower, std::size_t from) {
    for (std::size_t at = from; at < lower.size(); ++at) {
        const bool begins = at == 0 || lower[at - 1] == ' ' || lower[at - 1] == '\n' ||
                            lower[at - 1] == '\t' || lower[at - 1] == ',' || lower[at - 1] == ';';
        if (!begins) continue;
        for (const auto label : labels) {
            if (const auto value = behind_label(lower, at, label); value != lower.npos)
                return {label, at, value};
        }
        if (const auto value = behind_label(lower, at, text_label); value != lower.npos)
            return {text_label, at, value};
    }
    return {};
}

struct TextFields {
    std::string_view id;
    std::string_view stat;
    std::string_view error;
    std::string_view done;
};

std::string_view trim_value(std::string_view value) {
    value = trim(value);
    while (!value.empty() && (value.back() == ',' || value.back() == ';' || value.back() == '\0'))
        value.remove_suffix(1);
    return value;
}

TextFields read_fields(std::string_view text) {
    TextFields fields;
    const std::string lower = to_lower(text);
    auto label = next_label(lower, 0);
    while (!label.label.empty() && label.label != text_label) {
        const auto next = next_label(lower, label.value);
        const auto value = trim_value(text.substr(label.value, next.at - label.value));
        const auto set = [&](std::string_view& field) {
            if (field.empty()) field = value;
        };
        if (label.label == "id") set(fields.id);
        if (label.label == "stat") set(fields.stat);
        if (label.label == "err") set(fields.error);
        if (label.label.starts_with("done")) set(fields.done);
        label = next;
    }
    return fields;
}

std::optional<DeliveryState> state_of_word(std::string_view word) {
    const std::string lower = to_lower(word);
    for (const auto& [beginning, state] : state_words) {
        if (lower.starts_with(beginning)) return state;
    }
    // A few centres write the number of message_state.
    if (lower.size() == 1 && lower[0] >= '1' && lower[0] <= '9')
        return static_cast<DeliveryState>(lower[0] - '0');
    return std::nullopt;
}

bool all_of_base(std::string_view digits, int base) {
    return !digits.empty() && std::all_of(digits.begin(), digits.end(), [base](char c) {
        return (c >= '0' && c <= '9') ||
               (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
    });
}

std::string without_zeros(std::string_view id) {
    while (id.size() > 1 && id.front() == '0') id.remove_prefix(1);
    return to_lower(id);
}

/// Hex digits as decimal ones; ids may be longer than any integer.
std::string hex_to_decimal(std::string_view hex) {
    std::string decimal = "0";  // lowest digit first
    for (const char c : to_lower(hex)) {
        int carry = c <= '9' ? c - '0' : c - 'a' + 10;
        for (char& digit : decimal) {
            carry += (digit - '0') * 16;
            digit = static_cast<char>('0' + carry % 10);
            carry /= 10;
        }
        for (; carry > 0; carry /= 10) decimal += static_cast<char>('0' + carry % 10);
    }
    std::reverse(decimal.begin(), decimal.end());
    return without_zeros(decimal);
}

std::string normal_id(std::string_view id, bool is_hex) {
    id = trim(id);
    if (id.size() > 64) id = id.substr(0, 64);
    return is_hex && all_of_base(id, 16) ? hex_to_decimal(id) : without_zeros(id);
}

std::string network_error_text(std::string_view value) {
    if (value.size() != 3) return {};
    const auto at = [value](std::size_t i) { return static_cast<unsigned char>(value[i]); };
    return std::to_string(at(0)) + "/" + std::to_string(at(1) << 8 | at(2));
}

/// UCS-2 receipts exist: their text is ASCII with zero bytes between.
std::string receipt_text(const ShortMessage& message) {
    const auto content = message.content();
    if (message.data_coding != 0x08) return std::string(content);
    std::string narrow;
    for (std::size_t i = 1; i < content.size(); i += 2) narrow += content[i];
    return narrow;
}

/// The id by TLV is meant to be the answer's own. But some centres write the text's form into it.
std::string id_of_tlv(std::string_view tlv, std::string_view in_text, IdMode mode) {
    if (!in_text.empty() && without_zeros(tlv) == without_zeros(in_text))
        return normal_receipt_id(tlv, mode);
    return normal_answer_id(tlv, mode);
}

}  // namespace

std::string_view to_text(DeliveryState state) {
    return state_texts[static_cast<std::size_t>(state)];
}

MessageStatus status_of(DeliveryState state, bool accepted_is_delivered) {
    switch (state) {
        case delivered:
            return MessageStatus::delivered;
        case expired:
        case deleted:
        case undeliverable:
        case rejected:
        case skipped:
            return MessageStatus::failed;
        case accepted:
            return accepted_is_delivered ? MessageStatus::delivered : MessageStatus::success;
        case scheduled:
        case enroute:
        case unknown:
            break;
    }
    return MessageStatus::success;
}

std::string normal_answer_id(std::string_view id, IdMode mode) {
    return normal_id(id, mode == IdMode::resp_hex_dlr_dec);
}

std::string normal_receipt_id(std::string_view id, IdMode mode) {
    return normal_id(id, mode == IdMode::resp_dec_dlr_hex);
}

std::optional<ReceiptFacts> read_receipt(const ShortMessage& message, const ReceiptRules& rules) {
    const int kind = message.esm_class & 0x3C;
    const bool declared = kind == 0x04 || kind == 0x20;  // 0x20: intermediate notification
    const std::string* tlv_id = message.find(tag::receipted_message_id);
    const std::string* tlv_state = message.find(tag::message_state);
    const std::string text = receipt_text(message);
    const TextFields fields = read_fields(text);
    const auto word = state_of_word(fields.stat);
    // Some centres forget the bits of esm_class; id and state together are proof enough.
    const bool alike = (tlv_id != nullptr && tlv_state != nullptr) || (!fields.id.empty() && word);
    if (!declared && !alike) return std::nullopt;

    ReceiptFacts facts;
    const auto by_tlv = tlv_id != nullptr ? trim(tlv_text(*tlv_id)) : std::string_view();
    facts.id = by_tlv.empty() ? normal_receipt_id(fields.id, rules.id_mode)
                              : id_of_tlv(by_tlv, fields.id, rules.id_mode);
    facts.state = word.value_or(kind == 0x20 ? enroute : unknown);
    if (tlv_state != nullptr && tlv_state->size() == 1) {
        const auto number = static_cast<unsigned char>((*tlv_state)[0]);
        if (number < state_texts.size()) facts.state = static_cast<DeliveryState>(number);
    }
    facts.error = std::string(fields.error.substr(0, 32));
    if (const auto* network = message.find(tag::network_error_code); network != nullptr)
        facts.network_error = network_error_text(*network);
    facts.done_ms = read_receipt_date(fields.done, rules.zone_minutes);
    return facts;
}

std::int64_t read_receipt_date(std::string_view digits, std::int64_t zone_minutes) {
    if (!all_of_base(digits, 10)) return 0;
    const auto number = [&digits](std::size_t at, std::size_t count) {
        return static_cast<int>(parse_int(digits.substr(at, count)).value_or(0));
    };
    const auto read = [&](std::size_t year_digits) -> std::int64_t {
        const int years = number(0, year_digits);
        const int year = year_digits == 4 ? years : 2000 + years;
        const std::size_t at = year_digits;
        const std::chrono::year_month_day day{
            std::chrono::year(year), std::chrono::month(static_cast<unsigned>(number(at, 2))),
            std::chrono::day(static_cast<unsigned>(number(at + 2, 2)))};
        const int hour = number(at + 4, 2);
        const int minute = number(at + 6, 2);
        const int second = digits.size() > at + 8 ? number(at + 8, 2) : 0;
        if (!day.ok() || hour > 23 || minute > 59 || second > 60) return 0;
        const std::chrono::sys_days days{day};
        const std::int64_t minutes =
            std::int64_t{days.time_since_epoch().count()} * 1'440 + hour * 60 + minute;
        return ((minutes - zone_minutes) * 60 + second) * 1'000;
    };
    if (digits.size() == 10) return read(2);
    if (digits.size() == 14) return read(4);
    if (digits.size() != 12) return 0;
    const std::int64_t with_seconds = read(2);
    return with_seconds != 0 ? with_seconds : read(4);
}

std::optional<std::int64_t> read_zone(std::string_view text) {
    if (text == "Z" || text == "z" || text.empty()) return 0;
    if ((text[0] != '+' && text[0] != '-') || text.size() < 5) return std::nullopt;
    std::string digits(text.substr(1));
    if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
    if (digits.size() != 4 || !all_of_base(digits, 10)) return std::nullopt;
    const auto hours = parse_int(digits.substr(0, 2)).value_or(99);
    const auto minutes = parse_int(digits.substr(2)).value_or(99);
    if (hours > 14 || minutes > 59) return std::nullopt;
    const std::int64_t offset = hours * 60 + minutes;
    return text[0] == '-' ? -offset : offset;
}

}  // namespace hongyan::smpp
