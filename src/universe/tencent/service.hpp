// Tencent Cloud SMS (2021-01-11) simulated: TC3-HMAC-SHA256 and the time stamp are checked, then
// application, signature name, template and its variables, and the limits for each number; receipts
// go out as the service pushes them. Actions: SendSms, SendStatusStatistics, PullSmsSendStatus.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::tencent {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::tencent
