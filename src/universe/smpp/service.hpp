// The simulated SMPP 3.4 centre as a service of the universe.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::smpp {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::smpp
