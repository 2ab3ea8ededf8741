// The provider's check of a mail before it is accepted: recipient, subject, text, HTML and the
// "smtp" section of the options. Pure, microseconds for mails without attachments, safe from every
// thread. What depends on the account (allowed sender domains, size limit) is judged when it is
// composed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contract/channel.hpp"

namespace hongyan::mail {

/// Problems at "$.recipient", "$.subject", "$.content", "$.html" and "$.options.smtp...".
[[nodiscard]] std::vector<Problem> check_mail(std::string_view recipient, const Content& content);

/// The JSON Schema of the "smtp" section of the options, for ChannelShapes.content.
[[nodiscard]] std::string mail_options_schema();
/// The JSON Schema of a recipient.
[[nodiscard]] std::string mail_recipient_schema();

}  // namespace hongyan::mail
