// The provider "web_push": notifications to browsers by their own push services (RFC 8030), payload
// encrypted for the browser alone (RFC 8291), the sender known by a VAPID key (RFC 8292). The
// address is a subscription that the browser made, so the URL comes from users and is guarded as
// such. Called by the list of all providers; every member is safe from every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::web_push {

void add_providers(ProviderList& list);

}  // namespace hongyan::web_push
