// The simulated mail server (SMTP submission) as a service of the universe.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::mail {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::mail
