// Vault: keeps secrets sealed at rest. AES-256-GCM with a fresh 12-byte nonce for each value; the
// owner's name is authenticated with it, so that a sealed value cannot be moved to another row. The
// master keys come from a file (one base64 key a line, the first is used for sealing, the others
// still open) or from HONGYAN_MASTER_KEY; rotating means a new first line and sealing again.
// Immutable after construction, safe from every thread; no key ever stands in an error or a log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan {

class Vault {
  public:
    /// Keys of 32 raw bytes each, at least one.
    explicit Vault(std::vector<std::string> keys);
    /// from_environment (base64, several separated by commas) if not "", else the file; if that
    /// does not exist it is made with a fresh key, readable by its owner only. Errors:
    /// config_invalid, io_failed.
    [[nodiscard]] static Result<Vault> open(const std::filesystem::path& file,
                                            std::string_view from_environment);
    /// Why open() would refuse this from_environment; never quotes it. Nothing if it is good.
    [[nodiscard]] static std::optional<std::string> key_problem(std::string_view text);
    /// A fresh key in front of those in the file, in one atomic replacement. Errors: as open().
    [[nodiscard]] static Result<Vault> add_key(const std::filesystem::path& file);

    /// owner: what the value belongs to, e.g. "account:17".
    [[nodiscard]] std::string seal(std::string_view text, std::string_view owner) const;
    /// Errors: config_invalid when no key opens it.
    [[nodiscard]] Result<std::string> open_sealed(std::string_view sealed,
                                                  std::string_view owner) const;
    /// True if the value was sealed with the first key.
    [[nodiscard]] bool is_current(std::string_view sealed) const;
    /// A number of each key that tells it from others and nothing else of it, the sealing one's
    /// first; always the same for the same key, above 0.
    [[nodiscard]] std::vector<std::int64_t> fingerprints() const;

  private:
    struct Key {
        std::string id;  ///< the first bytes of its SHA-256
        std::string bytes;
    };
    std::vector<Key> keys_;
};

}  // namespace hongyan
