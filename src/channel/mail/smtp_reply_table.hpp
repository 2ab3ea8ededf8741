// What a mail server's refusal means for the message: the one table from stage, reply code,
// enhanced code (RFC 3463) and, where servers disagree, words of the text, to an outcome class.
// The table itself stands in smtp_reply_table.cpp and is explained in docs/email.md. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "channel/mail/smtp_reply.hpp"
#include "model/enums.hpp"

namespace hongyan::mail {

struct Verdict {
    OutcomeClass kind = OutcomeClass::transient;
    std::int64_t retry_after_ms = 0;  ///< > 0: not worth a try before
    std::string_view reason;          ///< for the operator, e.g. "the address does not exist"
    /// The reply says plainly that there is no such mailbox: nobody should write to it again.
    bool suppress = false;
};

/// The meaning of a reply with a code of 400 or more.
[[nodiscard]] Verdict classify_reply(Stage stage, const Reply& reply);

}  // namespace hongyan::mail
