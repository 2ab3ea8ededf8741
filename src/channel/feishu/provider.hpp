// The two ways into Feishu (and Lark): "feishu_robot", a group's custom robot behind a webhook URL,
// and "feishu", an application's bot that writes to people and chats by their ids. Safe from every
// thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::feishu {

void add_providers(ProviderList& list);

}  // namespace hongyan::feishu
