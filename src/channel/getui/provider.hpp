// The provider "getui": Getui's push service (个推), REST v2. It sits on the kit's HTTP account,
// which fetches and shares the token; what is Getui's own (signature, body, codes, receipts) is in
// this folder. Called by the list of all providers; every member is safe from every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::getui {

void add_providers(ProviderList& list);

}  // namespace hongyan::getui
