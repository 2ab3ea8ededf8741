// Feishu as the universe plays it: "feishu", the open platform's tokens, messages and events for
// one application, and "feishu_robot", the custom robots of groups. Found by the list of all
// services; safe from every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::feishu {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::feishu
