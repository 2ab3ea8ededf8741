// Aliyun SMS (Dysmsapi 2017-05-25) simulated: both signatures, time stamps and nonces are checked
// as the gateway does, then signature name, template, its variables and the limits for each number;
// receipts go out in the form of SmsReport. Actions: SendSms, SendBatchSms, QuerySendDetails.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::aliyun {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::aliyun
