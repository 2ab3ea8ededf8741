// Twilio Messages (2010-04-01) as a provider of the channel sms: a form with the message's own
// text, HTTP Basic, receipts by signed status callbacks whose URL goes along with each message. The
// service has no idempotency: an answer that was lost stays unknown until its receipt.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::twilio {

void add_providers(ProviderList& list);

}  // namespace hongyan::twilio
