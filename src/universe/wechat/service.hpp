// WeChat as the universe plays it: "wechat", the API of an official account with its tokens,
// template and subscription messages and the events about them; "wecom", an application of WeCom;
// and "wecom_robot", the robots of its groups. Found by the list of all services; safe from every
// thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::wechat {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::wechat
