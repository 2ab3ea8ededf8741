#include "app/rotate_key.hpp"

#include <filesystem>
#include <iostream>

#include "app/server.hpp"
#include "base/vault.hpp"
#include "engine/sqlite/data_lock.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "table/accounts.hpp"
#include "table/webhooks.hpp"

namespace hongyan::app {
namespace {

int report(const Error& error) {
    std::cerr << "hongyan: " << error.detail << "\n" << error_row(error.code).remedy << "\n";
    return exit_failure;
}

/// Opens with any key, seals with the newest; what no key opens stops everything.
Result<std::string> sealed_again(const Vault& vault, const std::string& sealed,
                                 const std::string& owner) {
    if (sealed.empty()) return sealed;
    auto opened = vault.open_sealed(sealed, owner);
    if (!opened) return opened;
    return vault.seal(*opened, owner);
}

Status reseal_accounts(Session& session, const Vault& vault, std::int64_t& count) {
    for (const auto& record : table::all_accounts(session)) {
        if (record.secrets.empty()) continue;
        auto sealed = sealed_again(vault, record.secrets, "account:" + record.callback_key);
        if (!sealed) return sealed.error();
        table::reseal_account(session, record.id, *sealed);
        ++count;
    }
    return Done{};
}

Status reseal_webhooks(Session& session, const Vault& vault, std::int64_t& count) {
    for (auto& row : table::all_endpoints(session)) {
        const auto owner = "webhook:" + std::to_string(row.tenant_id) + ":" + row.url;
        auto secret = sealed_again(vault, row.secret, owner);
        auto previous = sealed_again(vault, row.previous_secret, owner);
        if (!secret) return secret.error();
        if (!previous) return previous.error();
        if (row.secret.empty()) continue;
        row.secret = std::move(*secret);
        row.previous_secret = std::move(*previous);
        table::update_endpoint(session, row);
        ++count;
    }
    return Done{};
}

}  // namespace

int rotate_master_key(const DataArgs& args) {
    Log log(LogLevel::warn);
    const std::filesystem::path folder(args.data_dir);
    const auto file =
        args.output.empty() ? folder / "master.key" : std::filesystem::path(args.output);
    if (!std::filesystem::exists(folder / database_name) || !std::filesystem::exists(file)) {
        return report(make_error(ErrorCode::io_failed, "There is no database with a key file at " +
                                                           folder.string() + "."));
    }
    const auto lock = sqlite::DataLock::take(args.data_dir);
    if (!lock) return report(lock.error());
    sqlite::SqliteOptions options;
    options.file = folder / database_name;
    auto store = sqlite::SqliteStore::open(options, log);
    if (!store) return report(store.error());
    const auto vault = Vault::add_key(file);
    if (!vault) return report(vault.error());
    std::int64_t count = 0;
    Status resealed = Done{};
    const auto written = (*store)->write([&](Session& session) {
        resealed = reseal_accounts(session, *vault, count);
        if (resealed) resealed = reseal_webhooks(session, *vault, count);
        if (!resealed) throw StoreError("a secret could not be opened");
    });
    if (!resealed) return report(resealed.error());
    if (!written) return report(written.error());
    if (args.json)
        std::cout << "{\"sealed\":" << count << "}\n";
    else
        std::cout << "Sealed " << count << " secrets with a fresh key. The old keys stay in "
                  << file.string() << " for backups of before; remove them when none is left.\n";
    return exit_ok;
}

}  // namespace hongyan::app
