// An account that gives every message a cid of JPush before it hands it to the account that sends,
// so that JPush answers a repeat with the first result instead of pushing twice. The cid is on disk
// before the first push leaves and comes back with the message, also after a crash. While the pool
// is empty messages wait for one fetch; if that fails they go without a cid, and the push itself
// then tells what is wrong. Safe from every thread.
#pragma once

#include <memory>

#include "channel/jpush/settings.hpp"
#include "contract/provider.hpp"

namespace hongyan::jpush {

/// Takes inner over. parts outlive the account.
[[nodiscard]] std::unique_ptr<Account> make_cid_account(std::unique_ptr<Account> inner,
                                                        std::int64_t account_id,
                                                        const Settings& settings,
                                                        const ProviderParts& parts);

}  // namespace hongyan::jpush
