// The central nouns as plain structs: a message as it travels from accept to settle, what a
// provider answered, and what is recorded of it. No behaviour, no locking; moved from owner to
// owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "model/enums.hpp"

namespace hongyan {

/// One message to one recipient. Times are milliseconds since 1970; 0 means "not set".
struct Message {
    MessageId id = 0;
    std::int64_t tenant_id = 1;
    std::int64_t task_id = 0;
    std::int64_t template_id = 0;
    std::int32_t template_version = 0;
    ChannelKind channel = ChannelKind::sms;
    std::uint8_t priority = 5;
    MessageStatus status = MessageStatus::pending;
    std::int32_t attempts = 0;  ///< attempts made; in a channel's hands, the one under way included
    std::int32_t attempts_before =
        0;  ///< of these, not counted: before an operator sent it again, or refused by a limit
    std::string recipient;
    std::string subject;
    std::string content;  ///< rendered; for e-mail the text part
    std::string html;     ///< e-mail only: the HTML part
    std::string callback_url;
    std::string metadata;     ///< JSON object as text, "" for none
    std::string traceparent;  ///< W3C trace context of the request, "" for none
    std::string options;      ///< JSON object of provider sections, rendered; "" for none
    std::int64_t account_id =
        0;  ///< the provider account it was last sent on, 0 = the built-in one
    std::int64_t due_ms = 0;
    std::int64_t deliver_by_ms = 0;
    std::int64_t taken_ms =
        0;  ///< wall time when a worker took it for its first attempt; lives in memory only
    std::int64_t taken_us = 0;  ///< steady time in microseconds when it was taken for this attempt
    // Of messages that go by a provider account; they live in memory only:
    std::vector<std::int64_t> tried;    ///< accounts it has failed on since its last round
    std::int64_t unknown_since_ms = 0;  ///< when the first attempt left whose answer was lost
    std::int64_t unknown_on = 0;        ///< the account whose answer to the attempt before was lost
    /// The token that an account's provider gave for this message (see TokenStore), "" for none.
    std::string provider_token;
    std::int64_t provider_token_account = 0;
    std::int64_t provider_token_ms = 0;  ///< when it was given
    bool by_account = false;             ///< accepted for provider accounts: never for the sandbox
    bool again = false;                  ///< may be in other hands too: claimed before it is sent
    std::string route;                   ///< JSON: why account_id was chosen for this attempt

    [[nodiscard]] std::int64_t created_ms() const { return id_time_ms(id); }
    /// When it became ready to send: its due time, else its accept time.
    [[nodiscard]] std::int64_t ready_ms() const { return due_ms != 0 ? due_ms : created_ms(); }
};

using MessagePtr = std::unique_ptr<Message>;

/// What came of one attempt, as the channel reports it.
struct Outcome {
    OutcomeClass kind = OutcomeClass::accepted;
    std::string provider;             ///< e.g. "sandbox", "smtp"
    std::string provider_message_id;  ///< the provider's own id, if it gave one
    std::string code;                 ///< the provider's error code, e.g. "550 5.1.1"
    std::string detail;               ///< sentence for the operator
    std::int64_t retry_after_ms = 0;  ///< > 0: the provider said when
    std::int64_t started_ms = 0;      ///< wall time when the request left
    std::int64_t duration_us = 0;     ///< how long the provider took
    /// This recipient is not to be written to again on this channel: "" or why.
    std::string suppress;
};

/// A message handed to a channel and handed back with what came of it.
struct Sent {
    MessagePtr message;
    Outcome outcome;
};

/// A row of message_attempts: written for every attempt that was not an immediate success.
struct Attempt {
    MessageId message_id = 0;
    std::int32_t attempt = 1;
    std::string provider;
    OutcomeClass outcome = OutcomeClass::accepted;
    std::string code;
    std::string detail;
    std::int64_t started_ms = 0;
    std::int64_t duration_ms = 0;
    std::int64_t next_attempt_ms = 0;
    std::string rule_version;     ///< the version of the rule that decided what followed
    std::int64_t account_id = 0;  ///< 0 = the built-in provider
    std::string route = {};       ///< JSON: why this account; "" for none
};

}  // namespace hongyan
