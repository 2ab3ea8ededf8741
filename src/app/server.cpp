#include "app/server.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>

#include "api/accounts.hpp"
#include "api/callbacks.hpp"
#include "api/dead_letters.hpp"
#include "api/demo.hpp"
#include "api/keys.hpp"
#include "api/live.hpp"
#include "api/messages.hpp"
#include "api/nodes.hpp"
#include "api/openapi.hpp"
#include "api/outcomes.hpp"
#include "api/problem.hpp"
#include "api/rules.hpp"
#include "api/sandbox.hpp"
#include "api/send.hpp"
#include "api/session.hpp"
#include "api/settings.hpp"
#include "api/statistics.hpp"
#include "api/system.hpp"
#include "api/tasks.hpp"
#include "api/templates.hpp"
#include "api/views.hpp"
#include "api/webhooks.hpp"
#include "api/why.hpp"
#include "app/server_parts.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "engine/postgres/postgres_store.hpp"
#include "http/static_files.hpp"
#include "jobs/parked_receipts.hpp"
#include "jobs/retention.hpp"
#include "jobs/rule_reverts.hpp"
#include "table/keys.hpp"
#include "table/migrate.hpp"
#include "web/assets.hpp"

namespace hongyan::app {
namespace {

delivery::DeliveryOptions delivery_options(const config::Settings& s) {
    delivery::DeliveryOptions options;
    options.retry.attempts = static_cast<std::int32_t>(s.delivery.retry_attempts);
    options.retry.base_ms = s.delivery.retry_base_ms;
    options.retry.max_ms = s.delivery.retry_max_ms;
    options.retry.deadline_ms = s.delivery.deadline_hours * 3'600'000;
    options.retry.hold_unknown = s.delivery.unknown_outcome == "hold";
    options.attempt_timeout = Millis(s.delivery.attempt_timeout_seconds * 1'000);
    options.committer.batch_rows = static_cast<std::size_t>(s.store.batch_rows);
    options.committer.idempotency_ms = s.idempotency.hours * 3'600'000;
    options.max_waiting = s.queue.max_messages;
    return options;
}

/// What the web application may load: nothing from outside. Styles that are computed stand in the
/// page; pictures of previews are data or blobs.
constexpr std::string_view page_policy =
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; font-src 'self' data:; connect-src 'self'; frame-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// For those whose store cannot be opened.
constexpr std::string_view store_manual = "docs/operations.md";
/// First parts of paths that are never pages of the application.
constexpr std::array<std::string_view, 3> not_pages{"api", "assets", "problems"};

/// "[::1]:8000" is "::1" and 8000; the settings have been checked.
std::pair<std::string, int> split_listen(std::string_view listen) {
    const auto colon = listen.rfind(':');
    auto host = listen.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return {std::string(host),
            static_cast<int>(parse_int(listen.substr(colon + 1)).value_or(8000))};
}

http::ServerOptions http_options(const config::Settings& s) {
    http::ServerOptions options;
    std::tie(options.host, options.port) = split_listen(s.listen);
    options.io_threads = static_cast<int>(s.http.io_threads);
    options.max_connections = static_cast<std::size_t>(s.http.max_connections);
    options.max_connections_per_address =
        static_cast<std::size_t>(s.http.max_connections_per_address);
    options.header_timeout = Millis(s.http.header_timeout_seconds * 1'000);
    options.idle_timeout = Millis(s.http.idle_timeout_seconds * 1'000);
    options.request_timeout = Millis(s.http.request_timeout_seconds * 1'000);
    options.stop_grace = Millis(s.http.stop_grace_seconds * 1'000);
    return options;
}

api::LiveHub::Limits live_limits(const config::Settings& s) {
    return {static_cast<std::size_t>(s.live.max_connections),
            static_cast<std::size_t>(s.live.max_connections_per_key),
            static_cast<std::size_t>(s.live.max_connections_per_address)};
}

sqlite::SqliteOptions store_options(const config::Settings& s) {
    sqlite::SqliteOptions options;
    options.file = std::filesystem::path(s.data_dir) / database_name;
    options.cache_mib = static_cast<int>(s.store.cache_mib);
    options.checkpoint_pages = static_cast<int>(s.store.checkpoint_pages);
    options.readers = static_cast<int>(s.store.reader_threads);
    return options;
}

postgres::PostgresOptions postgres_options(const config::Settings& s) {
    postgres::PostgresOptions options;
    options.url = s.store.url;
    options.readers = static_cast<int>(s.store.reader_threads);
    return options;
}

sandbox::SandboxOptions sandbox_options(const config::Settings& s) {
    sandbox::SandboxOptions options;
    options.inbox_messages = static_cast<std::size_t>(s.sandbox.inbox_messages);
    options.ledger_path = std::filesystem::path(s.data_dir) / "sandbox.ledger";
    options.ledger_mib = static_cast<int>(s.sandbox.ledger_mib);
    options.latency_ms = static_cast<int>(s.sandbox.latency_ms);
    options.failure_percent = s.sandbox.failure_percent;
    options.failure_class = from_text<OutcomeClass>(outcome_class_names, s.sandbox.failure_class)
                                .value_or(OutcomeClass::transient);
    return options;
}

/// A node without the role api answers only about itself.
void add_routes(api::Routes& routes, bool for_senders = true) {
    api::add_system_routes(routes);
    api::add_node_routes(routes);
    if (!for_senders) return;
    api::add_send_routes(routes);
    api::add_message_routes(routes);
    api::add_dead_letter_routes(routes);
    api::add_why_routes(routes);
    api::add_task_routes(routes);
    api::add_template_routes(routes);
    api::add_statistics_routes(routes);
    api::add_rule_routes(routes);
    api::add_account_routes(routes);
    api::add_outcome_routes(routes);
    api::add_callback_routes(routes);
    api::add_webhook_routes(routes);
    api::add_key_routes(routes);
    api::add_sandbox_routes(routes);
    api::add_session_routes(routes);
    api::add_setting_routes(routes);
    api::add_view_routes(routes);
    api::add_live_routes(routes);
    api::add_demo_routes(routes);
}

Status make_data_dir(const std::filesystem::path& folder) {
    std::error_code failure;
    const bool made = std::filesystem::create_directories(folder, failure);
    if (failure) {
        return make_error(ErrorCode::io_failed, "The folder " + folder.string() +
                                                    " cannot be made: " + failure.message() +
                                                    ". Choose another with --data.");
    }
    if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failure);
    return Done{};
}

}  // namespace

Status Server::Parts::open_store() {
    if (auto made = make_data_dir(settings.data_dir); !made) return made;
    auto taken = sqlite::DataLock::take(settings.data_dir);
    if (!taken) return taken.error();
    lock.emplace(std::move(*taken));
    if (settings.store.url.empty()) {
        auto opened = sqlite::SqliteStore::open(store_options(settings), log);
        if (!opened) return opened.error();
        store = std::move(*opened);
    } else {
        auto opened = postgres::PostgresStore::open(postgres_options(settings), log);
        if (!opened) return of_setting("store.url", store_manual, opened.error());
        store = std::move(*opened);
    }
    const auto migrated = table::migrate(*store, clock.now_ms());
    if (migrated) return Done{};
    return of_setting(settings.store.url.empty() ? "data_dir" : "store.url", store_manual,
                      migrated.error());
}

Status Server::Parts::make_first_key() {
    if (auto loaded = keys.load(*store); !loaded) return loaded;
    if (!keys.empty()) return Done{};
    const auto key = api::make_key();
    KeyRecord record;
    record.name = "administrator";
    record.prefix = api::key_prefix(key);
    record.hash = sha256(key);
    record.scopes = "send read manage admin";
    record.created_ms = clock.now_ms();
    bool is_first = false;
    auto written = store->write(
        [&](Session& session) { is_first = table::insert_first_key(session, record); });
    if (!written) return written;
    if (is_first) new_admin_key = key;
    return keys.load(*store);
}

Status Server::Parts::make_channels() {
    if (settings.sandbox.enabled) {
        auto opened = sandbox::Sandbox::open(sandbox_options(settings), clock, log);
        if (!opened) return opened.error();
        sandbox = std::move(*opened);
        inbox = std::make_unique<SandboxInbox>(*sandbox);
        for (std::size_t i = 0; i < channels.size(); ++i) {
            channels[i] =
                std::make_unique<sandbox::SandboxChannel>(static_cast<ChannelKind>(i), *sandbox);
        }
    }
    return Done{};
}

void Server::Parts::make_delivery() {
    delivery::Channels borrowed{};
    for (std::size_t i = 0; i < channels.size(); ++i) borrowed[i] = channels[i].get();
    const auto on_lost = [this](const std::string& detail) { end_dead(detail); };
    auto options = delivery_options(settings);
    options.node = options.committer.node = node.number;
    if (!is_only()) options.committer.outcomes_beside_batch = options.committer.batch_rows / 5;
    options.sends = has_role("worker");
    delivery = std::make_unique<delivery::Delivery>(
        delivery::DeliveryParts{
            *store, *queue, limiter(), clock, log, borrowed, on_lost, accounts.get(),
            [this](std::int64_t tenant, std::int64_t id) { return held_by_template(tenant, id); },
            settings.coordination.url.empty() ? nullptr : &coordination->trace(), node.name},
        options);
    webhooks =
        std::make_unique<delivery::Webhooks>(*store, *delivery, *outbound, *vault, clock, log,
                                             [this] { return leadership->is_leading(); });
}

Status Server::Parts::read_rules() {
    jobs::RuleReaders rule_readers;
    const auto warn = [this](const char* what, const Status& status) {
        if (!status)
            log.error("reload_failed", {{"what", what}, {"detail", status.error().detail}});
    };
    rule_readers.templates = [this, warn] { warn("templates", templates.load(*store, log)); };
    rule_readers.keys = [this, warn] { warn("keys", keys.load(*store)); };
    rule_readers.pools = [this](const std::vector<table::PoolRow>& rows) {
        for (auto* pool : {&delivery->sender(), &processor.pool(), &webhooks->pool()}) {
            for (const auto& row : rows) {
                if (row.rule.name == pool->rule().name) pool->set_rule(row.id, row.rule);
            }
        }
    };
    rule_readers.limits = [this](const std::vector<LimitRule>& rows) {
        limiter().set_rules(rows);
        delivery->set_limits(rows);
    };
    rule_readers.accounts = [this] { load_accounts(); };
    rule_readers.outcomes = [this] { load_outcomes(); };
    rule_readers.suppressing = [this](bool some) { delivery->set_suppressing(some); };
    rules = std::make_unique<jobs::RuleWatch>(*store, log, std::move(rule_readers));
    return rules->poll();
}

std::string Server::Parts::not_ready() const {
    if (stopping) return "stopping";
    const auto health = store->health();
    if (!health.writable || !health.reachable)
        return "the store does not accept writes: " + health.detail;
    return "";
}

void Server::Parts::make_context() {
    context = std::unique_ptr<api::Context>(
        new api::Context{*store,
                         *delivery,
                         templates,
                         *accounts,
                         *webhooks,
                         *vault,
                         limiter(),
                         keys,
                         idempotency,
                         inbox.get(),
                         readers,
                         processor,
                         {&delivery->sender(), &processor.pool(), &webhooks->pool()},
                         settings,
                         clock,
                         log,
                         [this] {
                             if (const auto polled = rules->poll(); !polled)
                                 log.error("reload_failed", {{"detail", polled.error().detail}});
                         },
                         [this] { return not_ready(); }});
    context->started_ms = clock.now_ms();
    context->queue = queue.get();
    context->coordination = coordination.get();
    context->leadership = leadership.get();
    context->node_name = node.name;
    context->loaded = origins;
    live = std::make_unique<api::LiveHub>(*context, live_limits(settings));
    context->live = live.get();
    live->start();
    redrives = std::make_unique<api::RedriveRuns>(*context);
    context->redrives = redrives.get();
    redrives->start();
    if (!settings.sandbox.enabled) return;
    demo = std::make_unique<api::Demo>(*context);
    context->demo = demo.get();
}

Status Server::Parts::start_http() {
    http::Router router;
    api::Routes routes(*context, router);
    add_routes(routes, has_role("api"));
    api::add_page_routes(router, openapi);
    openapi = api::openapi_document(routes.docs());
    http::StaticOptions pages;
    pages.content_security_policy = std::string(page_policy);
    pages.entries = {"/monitor"};
    http::add_static(router, web::assets(), pages);
    http::add_application(router, web::assets(), pages, not_pages);
    const auto options = http_options(settings);
    http = std::make_unique<http::Server>(options, std::move(router), api::problem_response, clock);
    http->set_log(log);
    if (auto started = http->start(); !started) return started;
    const bool is_any = options.host == "0.0.0.0" || options.host == "::" ||
                        options.host == "127.0.0.1" || options.host == "::1";
    url = "http://" + (is_any ? "localhost" : options.host) + ":" + std::to_string(http->port());
    context->listen_url = url;
    return Done{};
}

void Server::Parts::start_schedule() {
    schedule.every(Millis(1'000), [this] {
        for (auto* pool : {&delivery->sender(), &processor.pool(), &webhooks->pool()}) pool->tick();
    });
    schedule.every(Millis(500), [this] {
        if (const auto polled = rules->poll(); !polled)
            log.error("reload_failed", {{"detail", polled.error().detail}});
    });
    // Beside the schedule: it waits for the committer, which the pools' clock must not.
    indexing.every(Millis(1'000), [this] {
        if (jobs::end_rule_changes(*store, *delivery, log) > 0) context->reload_rules();
    });
    schedule.every(Millis(15'000), [this] { api::store_key_uses(*context); });
    if (!settings.store.url.empty()) {
        indexing.every(Millis(2'000),
                       [this] { jobs::follow_parked_receipts(*store, *delivery, clock, log); });
    }
    // On a thread of its own: a first run over months of rows must not hold up the pools.
    cleaning.every(Millis(60'000), [this] {
        jobs::RetentionRule rule;
        rule.trace_days = settings.retention.trace_days;
        rule.message_days = settings.retention.message_days;
        rule.idempotency_hours = settings.idempotency.hours;
        rule.step_rows = static_cast<int>(settings.retention.step_rows);
        jobs::run_retention(*delivery, *leadership, rule, clock, log, cleaning.stopping());
    });
    recipients = std::make_unique<jobs::RecipientIndexer>(*store, *delivery, clock, log);
    indexing.every(Millis(2'000), [this] {
        if (leadership->is_leading()) std::ignore = recipients->run(indexing.stopping());
    });
    schedule.start();
    cleaning.start();
    indexing.start();
}

/// All that a node is made of, before it accepts or sends anything.
Status Server::Parts::make_parts() {
    if (auto opened = open_engines(); !opened) return opened;
    if (auto made = make_first_key(); !made) return made;
    if (auto made = make_channels(); !made) return made;
    if (auto made = make_accounts(); !made) return made;
    if (auto made = make_mail_channel(); !made) return made;
    make_delivery();
    return read_rules();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(const config::Settings& settings, Log& log,
                                              const config::Loaded* loaded) {
    auto parts = std::make_unique<Parts>(settings, log);
    parts->origins = loaded;
    if (auto opened = parts->open_store(); !opened) return opened.error();
    const auto listens = http::Server::check_address(http_options(settings), parts->clock);
    if (!listens) return listens.error();
    if (auto opened = parts->open_keys(); !opened) return opened.error();
    if (auto joined = parts->join_cluster(); !joined) return joined.error();
    if (auto made = parts->make_parts(); !made) {
        parts->withdraw();
        return made.error();
    }
    for (auto* pool : {&parts->readers, &parts->processor}) pool->start();
    if (auto started = parts->delivery->start(); !started) return started.error();
    parts->webhooks->start();
    parts->make_context();
    parts->make_membership();
    parts->start_universe();  // a server that answers has its simulated providers
    if (auto started = parts->start_http(); !started) return started.error();
    parts->start_schedule();
    if (parts->membership) parts->membership->start(parts->url);
    log.info("started",
             {{"url", parts->url}, {"data", settings.data_dir}, {"version", HONGYAN_VERSION}});
    return std::unique_ptr<Server>(new Server(std::move(parts)));
}

void Server::stop() {
    auto& p = *parts_;
    if (std::exchange(p.stopped, true)) return;
    p.stopping = true;
    p.store->hurry();
    if (p.http) p.http->stop();
    if (p.live) p.live->stop();
    if (p.demo) p.demo->end();
    if (p.redrives) p.redrives->stop();
    p.schedule.stop();
    p.cleaning.stop();
    p.indexing.stop();
    p.webhooks->stop();
    p.delivery->stop(Millis(p.settings.http.stop_grace_seconds * 1'000));
    // Last, so that nobody takes over what was still being written down here.
    if (p.membership) p.membership->stop();
    if (p.inbox) p.inbox->set_providers(nullptr);
    if (p.universe) p.universe->stop();
    for (auto* pool : {&p.readers, &p.processor}) pool->stop();
}

std::string openapi_text() {
    api::Routes routes;
    add_routes(routes);
    return api::openapi_document(routes.docs());
}

const std::string& Server::url() const { return parts_->url; }
const std::string& Server::data_dir() const { return parts_->settings.data_dir; }
const std::string& Server::new_admin_key() const { return parts_->new_admin_key; }
bool Server::store_lost() const {
    return parts_->store_lost || parts_->delivery->committer().gave_up;
}

}  // namespace hongyan::app
