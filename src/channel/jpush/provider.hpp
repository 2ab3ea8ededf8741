// The provider "jpush": Jiguang's push service (极光推送), REST v3. It sits on the kit's HTTP
// account; the ids that make a repeat harmless (cid) are fetched by an account of its own around
// it. Called by the list of all providers; every member is safe from every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::jpush {

void add_providers(ProviderList& list);

}  // namespace hongyan::jpush
