// WeChat: "wechat" (template messages of an official account), "wechat_subscribe" (its subscription
// messages), "wecom" (an application of WeCom) and "wecom_robot" (a WeCom group's robot). Templates
// and subscriptions are two providers because a template message may be repeated within ten minutes
// and a subscription message may not. They share a folder for the sake of the callbacks'
// encryption. Safe from every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::wechat {

void add_providers(ProviderList& list);

}  // namespace hongyan::wechat
