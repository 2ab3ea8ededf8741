// Firebase Cloud Messaging as the universe plays it: the OAuth2 token server and messages:send of
// HTTP v1, with Google's checks and error documents. Found by the list of all services; safe from
// every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::fcm {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::fcm
