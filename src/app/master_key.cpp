#include "app/master_key.hpp"

#include <algorithm>
#include <optional>

#include "table/rules.hpp"

namespace hongyan::app {
namespace {

/// The fingerprint in a store that nodes share, put there if there is none; nothing if it is not
/// shared, for then the key file lies beside it.
Result<std::optional<std::int64_t>> fingerprint_of(Store& store, std::int64_t ours) {
    std::optional<std::int64_t> stands;
    const auto read = store.read([&](Session& session) {
        stands.reset();
        if (session.dialect() == Dialect::postgres)
            stands = table::system_value(session, master_key_row);
    });
    if (!read) return read.error();
    if (stands != 0) return stands;
    const auto written = store.write([&](Session& session) {
        stands = table::put_first_system_value(session, master_key_row, ours);
    });
    if (!written) return written.error();
    return stands;
}

Error wrong_key(const std::filesystem::path& file, bool from_setting) {
    return make_error(
        ErrorCode::config_invalid,
        std::string(
            "This node does not have the master key with which the nodes of this store seal "
            "secrets. ") +
            (from_setting
                 ? "Set master_key (HONGYAN_MASTER_KEY) to the value that the other nodes have."
                 : "Copy master.key from the data folder of a node that runs to " + file.string() +
                       ", or give all nodes the same master_key (HONGYAN_MASTER_KEY).") +
            " If that key is lost for good, see 'Master key' in docs/operations.md.");
}

}  // namespace

Result<Vault> open_vault(Store& store, const std::filesystem::path& file,
                         const std::string& from_setting) {
    const bool is_new = from_setting.empty() && !std::filesystem::exists(file);
    auto vault = Vault::open(file, from_setting);
    if (!vault) return vault;
    const auto ours = vault->fingerprints();
    const auto stands = fingerprint_of(store, ours.front());
    if (stands && (!*stands || std::ranges::find(ours, **stands) != ours.end())) return vault;
    // A key that nobody has used must not lie where the right one belongs.
    std::error_code ignored;
    if (is_new) std::filesystem::remove(file, ignored);
    return stands ? wrong_key(file, !from_setting.empty()) : stands.error();
}

}  // namespace hongyan::app
