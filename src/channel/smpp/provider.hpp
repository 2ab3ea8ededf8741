// SMPP 3.4 for SMS: the protocol of short message centres and aggregators. An account holds its
// binds open, each with a sliding window, from one thread of its own, however many messages are
// under way. Receipts come over the same connections.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::smpp {

void add_providers(ProviderList& list);

}  // namespace hongyan::smpp
