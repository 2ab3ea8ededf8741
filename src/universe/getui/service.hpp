// Getui (个推) as the universe plays it: REST v2 with authentication, push to one client id and
// signed receipts. Found by the list of all services; safe from every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::getui {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::getui
