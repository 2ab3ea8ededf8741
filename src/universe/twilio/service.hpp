// Twilio Messages (2010-04-01) simulated: HTTP Basic by Auth Token or API key, senders and
// recipients checked as Twilio does, status callbacks signed with X-Twilio-Signature. Messages are
// made, fetched and listed.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::twilio {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::twilio
