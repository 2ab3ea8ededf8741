#include "app/rotate_key.hpp"

#include <filesystem>
#include <iostream>
#include <optional>

#include "app/master_key.hpp"
#include "app/server.hpp"
#include "app/store_commands.hpp"
#include "base/vault.hpp"
#include "engine/postgres/inspect.hpp"
#include "engine/sqlite/data_lock.hpp"
#include "table/accounts.hpp"
#include "table/rules.hpp"
#include "table/webhooks.hpp"

namespace hongyan::app {
namespace {

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

/// The key file, where there is one to put a key into.
Result<std::filesystem::path> key_file_of(const DataArgs& args) {
    const std::filesystem::path folder(args.data_dir);
    const auto file =
        args.output.empty() ? folder / master_key_name : std::filesystem::path(args.output);
    const bool has_store =
        !args.store_url.empty() || std::filesystem::exists(folder / database_name);
    if (has_store && (!args.master_key.empty() || std::filesystem::exists(file))) return file;
    return make_error(ErrorCode::io_failed,
                      has_store
                          ? "master_key is not set, and there is no key file " + file.string() +
                                "; give the setting that the nodes have, or name their "
                                "data folder with --data."
                          : "There is no database at " + folder.string() +
                                "; name the data folder with --data, or give store.url.");
}

/// A running node does not have the fresh key; with keys from the setting, all nodes have it first.
Status check_no_node_runs(const DataArgs& args) {
    if (args.store_url.empty() || !args.master_key.empty()) return Done{};
    postgres::PostgresOptions options;
    options.url = args.store_url;
    options.program = "hongyan-command";
    const auto found = postgres::inspect(options);
    if (!found) return found.error();
    if (found->nodes == 0) return Done{};
    return make_error(ErrorCode::conflict,
                      "Nodes run on this store and would not have the fresh key (" +
                          std::to_string(found->nodes) +
                          " connections). Stop them all first, or set master_key on all of them: "
                          "see 'Master key' in docs/operations.md.");
}

Status reseal_all(Store& store, const Vault& vault, std::int64_t& count) {
    Status resealed = Done{};
    const auto written = store.write([&](Session& session) {
        count = 0;
        if (session.dialect() == Dialect::postgres) {
            // No node changes a secret meanwhile.
            session.execute_script(
                "LOCK TABLE provider_accounts, webhook_endpoints IN SHARE ROW EXCLUSIVE MODE");
            table::set_system_value(session, master_key_row, vault.fingerprints().front());
        }
        resealed = reseal_accounts(session, vault, count);
        if (resealed) resealed = reseal_webhooks(session, vault, count);
        if (!resealed) throw StoreError("a secret could not be opened");
    });
    return resealed ? written : resealed;
}

void print_done(const DataArgs& args, std::int64_t count, const std::filesystem::path& file) {
    if (args.json) {
        std::cout << "{\"sealed\":" << count << "}\n";
    } else if (!args.master_key.empty()) {
        std::cout << "Sealed " << count
                  << " secrets with the first key of master_key. The others are needed for backups "
                     "of before only.\n";
    } else {
        std::cout << "Sealed " << count << " secrets with a fresh key. The old keys stay in "
                  << file.string() << " for backups of before; remove them when none is left.\n";
        if (!args.store_url.empty())
            std::cout << "Copy that file to the data folder of every node before its start.\n";
    }
}

}  // namespace

int rotate_master_key(const DataArgs& args) {
    Log log(LogLevel::warn);
    const auto file = key_file_of(args);
    if (!file) return report(file.error(), args.json);
    std::optional<sqlite::DataLock> lock;
    if (args.store_url.empty()) {
        auto taken = sqlite::DataLock::take(args.data_dir);
        if (!taken) return report(taken.error(), args.json);
        lock.emplace(std::move(*taken));
    }
    if (const auto none = check_no_node_runs(args); !none) return report(none.error(), args.json);
    const auto store = open_for_command(args, log);
    if (!store) return report(store.error(), args.json);
    const auto vault =
        args.master_key.empty() ? Vault::add_key(*file) : Vault::open(*file, args.master_key);
    if (!vault) return report(vault.error(), args.json);
    std::int64_t count = 0;
    if (const auto done = reseal_all(**store, *vault, count); !done)
        return report(done.error(), args.json);
    print_done(args, count, *file);
    return exit_ok;
}

}  // namespace hongyan::app
