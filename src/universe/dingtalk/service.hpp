// DingTalk as the universe plays it: the robots of groups, signed as DingTalk wants it and with its
// limit of twenty messages a minute. Found by the list of all services; safe from every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::dingtalk {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::dingtalk
