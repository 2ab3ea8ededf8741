// A receiver of Standard Webhooks as the universe plays it: it verifies by code of its own and
// shows what came. Found by the list of all services; safe from every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::webhook {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::webhook
