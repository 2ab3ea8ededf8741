// The master key of a server: from the setting or the file in the data folder. Nodes that share a
// store must have the same key, or one could not open what another has sealed; so the store keeps
// the fingerprint of the newest one, written by the first node, and a node without that key is
// refused. Called once at the start, from the main thread; blocks on the store.
#pragma once

#include <filesystem>
#include <string>

#include "base/vault.hpp"
#include "contract/store.hpp"

namespace hongyan::app {

/// Name of the key file inside the data folder.
inline constexpr const char* master_key_name = "master.key";
/// Row of system_values with the fingerprint.
inline constexpr const char* master_key_row = "master_key";

/// Errors: config_invalid (malformed, or not the key of the store: says what to do), io_failed, the
/// store's.
[[nodiscard]] Result<Vault> open_vault(Store& store, const std::filesystem::path& file,
                                       const std::string& from_setting);

}  // namespace hongyan::app
