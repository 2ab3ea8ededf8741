// What a mail server's refusal means for the message: the one table from stage, reply code,
// enhanced code (RFC 3463) and, where servers disagree, words of the text, to an outcome class.
// The table itself stands in reply_table.cpp and is explained in docs/email.md. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "channel/email/reply.hpp"
#include "model/enums.hpp"

namespace hongyan::email {

struct Verdict {
    OutcomeClass kind = OutcomeClass::transient;
    std::int64_t retry_after_ms = 0;  ///< > 0: not worth a try before
    std::string_view reason;          ///< for the operator, e.g. "the address does not exist"
};

/// The meaning of a reply with a code of 400 or more.
[[nodiscard]] Verdict classify_reply(Stage stage, const Reply& reply);

/// The meaning of a connection that could not be opened, from libcurl's code and message; for
/// refusals in words there is classify_reply().
[[nodiscard]] Verdict classify_connect(int curl_code, std::string_view message);

}  // namespace hongyan::email
