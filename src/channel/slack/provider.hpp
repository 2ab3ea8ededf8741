// Slack: "slack", the incoming webhook of a channel. Safe from every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::slack {

void add_providers(ProviderList& list);

}  // namespace hongyan::slack
