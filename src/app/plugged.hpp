// The providers and simulated services of all folders, in the order of their names: the one place
// that calls every folder's function. The bodies are written by cmake/channels.cmake.
#pragma once

#include "contract/provider.hpp"
#include "universe/core/service.hpp"

namespace hongyan::app {

void add_all(ProviderList& list);
void add_all(universe::ServiceList& list);

}  // namespace hongyan::app
