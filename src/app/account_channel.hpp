// AccountChannel: a provider account as the built-in provider of a channel, for tenants without
// accounts of their own: the mail server of the settings email.*. It keeps the channel's promise;
// the outcomes are the account's. All members are safe from every thread.
#pragma once

#include <memory>

#include "config/settings.hpp"
#include "contract/provider.hpp"

namespace hongyan::app {

/// Errors: config_invalid with what the provider finds wrong. provider and parts must outlive it.
[[nodiscard]] Result<std::unique_ptr<Channel>> make_account_channel(const Provider& provider,
                                                                    const std::string& settings,
                                                                    const ProviderParts& parts);

/// The settings email.* as those of an account of the provider smtp.
[[nodiscard]] std::string smtp_account_settings(const config::EmailSettings& settings);

}  // namespace hongyan::app
