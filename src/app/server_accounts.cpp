// Provider accounts, the HTTP client, the vault and the simulated providers of a server. Part of
// Server.
#include "app/account_channel.hpp"
#include "app/master_key.hpp"
#include "app/plugged.hpp"
#include "app/server_parts.hpp"
#include "base/text.hpp"
#include "table/accounts.hpp"

namespace hongyan::app {
namespace {

curl::CurlOptions outbound_options(const config::Settings& s) {
    curl::CurlOptions options;
    for (const auto& network : split(s.outbound.allow_networks, ',')) {
        if (const auto words = trim(network); !words.empty())
            options.allowed_networks.emplace_back(words);
    }
    options.max_in_flight = static_cast<std::size_t>(s.outbound.max_in_flight);
    options.max_per_host = static_cast<std::size_t>(s.outbound.max_per_host);
    options.user_agent = "Hongyan/" HONGYAN_VERSION;
    return options;
}

}  // namespace

/// Before the node joins: one without the key of the others is none of them.
Status Server::Parts::open_keys() {
    const auto key_file = std::filesystem::path(settings.data_dir) / master_key_name;
    auto opened = open_vault(*store, key_file, settings.master_key);
    if (!opened) return opened.error();
    vault.emplace(std::move(*opened));
    return Done{};
}

Status Server::Parts::make_accounts() {
    const auto options = outbound_options(settings);
    auto opened = curl::CurlOutbound::open(options, clock, log);
    if (!opened) return opened.error();
    outbound = std::move(*opened);
    auto allowed = NetworkList::parse(options.allowed_networks);
    if (!allowed) return std::move(allowed.error());
    add_all(providers);
    accounts = std::make_unique<delivery::AccountBook>(
        providers, ProviderParts{*outbound, clock, log}, *vault, *queue, std::move(*allowed));
    return Done{};
}

/// The simulated providers are a convenience: the server starts without them if it must.
void Server::Parts::start_universe() {
    if (!settings.sandbox.enabled || !settings.sandbox.providers) return;
    universe::UniverseOptions options;
    options.http_port = static_cast<int>(settings.sandbox.http_port);
    options.https_port = static_cast<int>(settings.sandbox.https_port);
    options.data_dir = (std::filesystem::path(settings.data_dir) / "providers").string();
    options.file = settings.sandbox.providers_file;
    // Ports that are taken: first only those of mail and SMPP are given up, which no setting names.
    for (const int given_up : {0, 1, 2}) {
        universe::ServiceList services;
        add_all(services);
        if (given_up == 2) options.http_port = options.https_port = 0;
        options.any_wire_ports = given_up > 0;
        auto started =
            universe::Universe::start(options, std::move(services), *outbound, clock, log);
        if (started) {
            universe = std::move(*started);
            inbox->set_providers(universe.get());
            log.info("providers_simulated",
                     {{"http", universe->http_url()}, {"https", universe->https_url()}});
            return;
        }
        if (given_up == 2 || started.error().code != ErrorCode::io_failed)
            log.warn("providers_not_simulated", {{"detail", started.error().detail}});
        if (started.error().code != ErrorCode::io_failed) return;
    }
}

void Server::Parts::load_outcomes() {
    auto table = delivery::default_outcomes();
    const auto read = store->read([&](Session& session) {
        for (const auto& row : table::list_outcome_rules(session)) {
            auto& rule = table[static_cast<std::size_t>(row.outcome)];
            rule.action = from_text<delivery::Action>(delivery::action_names, row.action)
                              .value_or(rule.action);
            rule.fail_over = row.fail_over;
            rule.attempts = static_cast<std::int32_t>(row.attempts);
            rule.base_ms = row.base_ms;
            rule.max_ms = row.max_ms;
            rule.version = row.version;
        }
    });
    if (read)
        delivery->set_outcomes(table);
    else
        log.error("reload_failed", {{"what", "outcomes"}, {"detail", read.error().detail}});
}

void Server::Parts::load_accounts() {
    std::vector<AccountRecord> records;
    const auto read =
        store->read([&](Session& session) { records = table::all_accounts(session); });
    if (read)
        accounts->apply(std::move(records));
    else
        log.error("reload_failed", {{"what", "accounts"}, {"detail", read.error().detail}});
}

/// The mail server of the settings serves tenants that have no account for mail.
Status Server::Parts::make_mail_channel() {
    if (settings.email.smtp_url.empty()) return Done{};
    const Provider* smtp = accounts->provider(ChannelKind::email, "smtp");
    HY_ASSERT(smtp != nullptr);
    auto channel = make_account_channel(*smtp, smtp_account_settings(settings.email),
                                        ProviderParts{*outbound, clock, log});
    if (!channel) return channel.error();
    channels[static_cast<std::size_t>(ChannelKind::email)] = std::move(*channel);
    return Done{};
}

std::optional<bool> Server::Parts::held_by_template(std::int64_t tenant, std::int64_t id) const {
    const auto found = templates.find(tenant, id);
    if (!found || found->record.on_unknown.empty()) return std::nullopt;
    return found->record.on_unknown == "hold";
}

}  // namespace hongyan::app
