// DingTalk: "dingtalk", the custom robot of a group behind an address that is signed. Safe from
// every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::dingtalk {

void add_providers(ProviderList& list);

}  // namespace hongyan::dingtalk
