// Apple's push service as the universe plays it: POST /3/device/TOKEN over HTTP/2, with the checks
// of token, headers and payload that Apple makes, in Apple's words. Found by the list of all
// services; safe from every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::apns {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::apns
