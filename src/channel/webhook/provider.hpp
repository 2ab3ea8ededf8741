// The generic webhook: messages go to any HTTP address as signed JSON in the form of Standard
// Webhooks, so that every receiver with one of its libraries can verify them. Safe from every
// thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::webhook {

void add_providers(ProviderList& list);

}  // namespace hongyan::webhook
