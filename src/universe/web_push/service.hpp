// A browser maker's push service and the browsers behind it, as the universe plays them: it checks
// what a push service checks (RFC 8030, 8292), and decrypts each message with the browser's own key
// (RFC 8291) to show what its user would see. Found by the list of all services; safe from every
// thread.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe::web_push {

void add_services(ServiceList& list);

}  // namespace hongyan::universe::web_push
