// JPush (极光推送) as the universe plays it: REST v3 with push, validate, cids and their answers to
// repeats, in JPush's codes. Found by the list of all services; safe from every thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::jpush {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::jpush
