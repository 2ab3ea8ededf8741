// An account that gives every message a cid of JPush before it hands it to the account that sends.
// While the pool is empty messages wait for one fetch; if that fails they go without a cid, and the
// push itself then tells what is wrong. Safe from every thread.
#pragma once

#include <memory>

#include "channel/jpush/cid_pool.hpp"
#include "channel/jpush/settings.hpp"
#include "contract/provider.hpp"

namespace hongyan::jpush {

/// Takes inner over. parts outlive the account.
[[nodiscard]] std::unique_ptr<Account> make_cid_account(std::unique_ptr<Account> inner,
                                                        std::shared_ptr<CidPool> pool,
                                                        const Settings& settings,
                                                        const ProviderParts& parts);

}  // namespace hongyan::jpush
