// Slack as the universe plays it: incoming webhooks, whose address is their secret. Found by the
// list of all services; safe from every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::slack {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::slack
