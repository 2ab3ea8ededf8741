// The parts of a running server in the order in which they are built, destroyed in reverse. Private
// to server*.cpp.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "api/context.hpp"
#include "api/demo.hpp"
#include "api/live_hub.hpp"
#include "api/redrive_runs.hpp"
#include "app/sandbox_inbox.hpp"
#include "app/server.hpp"
#include "base/vault.hpp"
#include "channel/sandbox/sandbox_channel.hpp"
#include "contract/coordination.hpp"
#include "contract/lock_manager.hpp"
#include "engine/curl/curl_outbound.hpp"
#include "engine/sqlite/data_lock.hpp"
#include "engine/sqlite/sqlite_store.hpp"
#include "http/server.hpp"
#include "jobs/leadership.hpp"
#include "jobs/membership.hpp"
#include "jobs/recipient_indexer.hpp"
#include "jobs/rule_watch.hpp"
#include "jobs/schedule.hpp"
#include "table/leases.hpp"
#include "universe/core/universe.hpp"

namespace hongyan::app {

/// Threads that answer questions to the store; not one of the pools that operators tune.
inline PoolRule reader_rule(int threads) { return {"readers", threads, threads, 10'000, 0.8, 0.2}; }

struct Server::Parts {
    Parts(const config::Settings& given, Log& given_log)
        : settings(given),
          log(given_log),
          keys(clock, given.admin_key),
          readers(reader_rule(static_cast<int>(given.store.reader_threads)), clock, log),
          processor({"ai_processor", 10, 50, 1'000, 0.8, 0.2}, clock, log),
          schedule(clock) {}

    const config::Settings& settings;
    Log& log;
    const config::Loaded* origins = nullptr;
    SystemClock clock;
    std::optional<sqlite::DataLock> lock;
    std::unique_ptr<Store> store;
    std::unique_ptr<Queue> queue;  ///< after delivery, which gives back what it has on loan
    table::NodeRow node;           ///< number -1: the only one
    std::unique_ptr<table::LeaseLock> store_lock;  ///< null: the only one
    std::unique_ptr<Coordination> coordination;
    std::unique_ptr<LockManager> locks;  ///< null: the only one
    std::unique_ptr<jobs::Leadership> leadership;
    std::unique_ptr<sandbox::Sandbox> sandbox;
    std::unique_ptr<SandboxInbox> inbox;
    std::unique_ptr<curl::CurlOutbound> outbound;
    std::unique_ptr<universe::Universe> universe;
    std::optional<Vault> vault;
    ProviderList providers;
    std::unique_ptr<delivery::AccountBook> accounts;
    std::array<std::unique_ptr<Channel>, channel_names.size()> channels;
    api::KeyBook keys;
    delivery::TemplateBook templates;
    api::IdempotencyGate idempotency;
    delivery::WorkerPool readers;
    delivery::WorkerPool processor;
    std::unique_ptr<delivery::Delivery> delivery;
    std::unique_ptr<delivery::Webhooks> webhooks;
    std::unique_ptr<jobs::Membership> membership;  ///< null: the only one
    std::unique_ptr<jobs::RuleWatch> rules;
    std::unique_ptr<jobs::RecipientIndexer> recipients;
    jobs::Schedule schedule;
    jobs::Schedule cleaning{clock};
    jobs::Schedule indexing{clock};
    std::unique_ptr<api::Context> context;
    std::unique_ptr<api::LiveHub> live;
    std::unique_ptr<api::RedriveRuns> redrives;
    std::unique_ptr<api::Demo> demo;
    std::string openapi;
    std::unique_ptr<http::Server> http;
    std::string url;
    std::string new_admin_key;
    std::atomic<bool> store_lost{false};
    std::atomic<bool> stopping{false};
    bool stopped = false;

    [[nodiscard]] bool is_only() const { return node.number < 0; }
    [[nodiscard]] bool has_role(std::string_view role) const;
    [[nodiscard]] Limiter& limiter() { return coordination->limiter(); }
    Status open_store();
    Status open_keys();
    Status join_cluster();
    void withdraw();
    Status make_parts();
    Status open_engines();
    void make_membership();
    void end_dead(const std::string& why);
    Status make_first_key();
    Status make_channels();
    Status make_accounts();
    Status make_mail_channel();
    void start_universe();
    void load_outcomes();
    void load_accounts();
    void make_delivery();
    [[nodiscard]] std::optional<bool> held_by_template(std::int64_t tenant, std::int64_t id) const;
    Status read_rules();
    void make_context();
    Status start_http();
    void start_schedule();
    [[nodiscard]] std::string not_ready() const;
};

/// What a server outside said, with the setting that leads there and where its manual is.
[[nodiscard]] Error of_setting(std::string_view setting, std::string_view manual, Error error);

}  // namespace hongyan::app
