// The account of a mail server as delivery sees it: a Sender for what goes out, and the callback
// URL for what comes back (bounces and complaints as mails, unsubscribe requests). Opened by the
// provider; safe from every thread.
#pragma once

#include <memory>

#include "channel/mail/settings.hpp"
#include "contract/provider.hpp"

namespace hongyan::mail {

class Loops;

/// Without touching the network. Errors: config_invalid (ca_file, a DKIM key). parts must outlive
/// the account; loops is shared, because the last account may outlive the provider.
[[nodiscard]] Result<std::unique_ptr<Account>> open_smtp_account(const SmtpSettings& settings,
                                                                 const ProviderParts& parts,
                                                                 std::shared_ptr<Loops> loops);

}  // namespace hongyan::mail
