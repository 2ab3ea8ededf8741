// The provider "apns": Apple's push service over HTTP/2 with token authentication. It sits on the
// kit's HTTP account; what is Apple's own (payload, headers, provider token, reasons) is in this
// folder. Called by the list of all providers; every member is safe from every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::apns {

void add_providers(ProviderList& list);

}  // namespace hongyan::apns
