// Aliyun SMS (阿里云短信, Dysmsapi 2017-05-25) as a provider of the channel sms: SendSms for one
// number a call, signed the new way (ACS3-HMAC-SHA256) or the old (RPC with HMAC-SHA1), receipts by
// HTTP push. The service has no idempotency: an answer that was lost stays unknown until its
// receipt.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::aliyun {

void add_providers(ProviderList& list);

}  // namespace hongyan::aliyun
