// The closed sets of words of the domain, with their names as they stand in JSON and SQL, and the
// one table of a message's legal state changes. The kinds of channel come from the folders of
// src/channel. Constant data, safe from every thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "generated/channel_kinds.hpp"

namespace hongyan {

enum class MessageStatus : std::uint8_t {
    pending,     ///< accepted, waiting for a worker
    scheduled,   ///< accepted, waiting for its due time
    processing,  ///< an attempt is under way and its intent is on disk
    retrying,    ///< an attempt failed, the next one has a time
    success,     ///< the provider took it
    delivered,   ///< a receipt says it arrived
    failed,      ///< final: given up, see reason; may be redriven by an operator
    expired,     ///< final: deliver_by passed before it could be sent
    cancelled,   ///< final: cancelled before it was sent
    unknown,     ///< the request left and no answer came; held for a decision
};
inline constexpr std::array<std::string_view, 10> message_status_names{
    "pending",   "scheduled", "processing", "retrying",  "success",
    "delivered", "failed",    "expired",    "cancelled", "unknown"};

enum class TaskStatus : std::uint8_t { accepting, pending, processing, completed, cancelled };
inline constexpr std::array<std::string_view, 5> task_status_names{
    "accepting", "pending", "processing", "completed", "cancelled"};

/// The class of a provider's answer; what follows from each is decided in delivery/settle.
enum class OutcomeClass : std::uint8_t {
    accepted,             ///< the provider took it
    transient,            ///< failed before or without effect; worth another try
    unknown,              ///< the request left, the answer never came
    rate_limited,         ///< the account is throttled; no attempt is used up
    quota,                ///< this recipient got enough for now
    token,                ///< a credential expired and can be renewed
    configuration,        ///< the account is set up wrongly; nothing will pass until it is mended
    recipient_permanent,  ///< this recipient can never be reached
    message_permanent,    ///< this message can never be sent
};
inline constexpr std::array<std::string_view, 9> outcome_class_names{
    "accepted",      "transient",           "unknown",          "rate_limited", "quota", "token",
    "configuration", "recipient_permanent", "message_permanent"};

[[nodiscard]] constexpr std::string_view to_text(ChannelKind v) {
    return channel_names[static_cast<std::size_t>(v)];
}
[[nodiscard]] constexpr std::string_view to_text(MessageStatus v) {
    return message_status_names[static_cast<std::size_t>(v)];
}
[[nodiscard]] constexpr std::string_view to_text(TaskStatus v) {
    return task_status_names[static_cast<std::size_t>(v)];
}
[[nodiscard]] constexpr std::string_view to_text(OutcomeClass v) {
    return outcome_class_names[static_cast<std::size_t>(v)];
}

/// The enumerator whose name is text, or nothing. E.g. from_text<ChannelKind>(channel_names,
/// "sms").
template <class E, std::size_t N>
[[nodiscard]] constexpr std::optional<E> from_text(const std::array<std::string_view, N>& names,
                                                   std::string_view text) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == text) return static_cast<E>(i);
    }
    return std::nullopt;
}

/// True if a message may go from one status to the other. Everything else is refused and counted.
[[nodiscard]] bool may_change(MessageStatus from, MessageStatus to);
/// True if delivery never touches a message in this status again by itself.
[[nodiscard]] bool is_final(MessageStatus status);
/// True if a message in this status has been counted in the statistics as sent or failed.
[[nodiscard]] bool is_counted(MessageStatus status);

}  // namespace hongyan
