// Tencent Cloud SMS (腾讯云短信, 2021-01-11) as a provider of the channel sms: SendSms for one
// number a call, signed with TC3-HMAC-SHA256, judged by the number's own status, receipts by HTTP
// push. The service has no idempotency: an answer that was lost stays unknown until its receipt.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::tencent {

void add_providers(ProviderList& list);

}  // namespace hongyan::tencent
