// Context: references to everything that the API's handlers use, built once by app/, alive as long
// as the HTTP server.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/auth.hpp"
#include "api/idempotency.hpp"
#include "api/inbox.hpp"
#include "base/vault.hpp"
#include "config/settings.hpp"
#include "contract/coordination.hpp"
#include "delivery/account_book.hpp"
#include "delivery/delivery.hpp"
#include "delivery/template_book.hpp"
#include "delivery/webhooks.hpp"

namespace hongyan::config {
struct Loaded;
}

namespace hongyan::api {

class LiveHub;
class Demo;
class RedriveRuns;
}  // namespace hongyan::api

namespace hongyan::jobs {
class Leadership;
class Membership;
}  // namespace hongyan::jobs

namespace hongyan::api {

struct Context {
    Store& store;
    delivery::Delivery& delivery;
    delivery::TemplateBook& templates;
    delivery::AccountBook& accounts;
    delivery::Webhooks& webhooks;
    const Vault& vault;
    Limiter& limiter;
    KeyBook& keys;
    IdempotencyGate& idempotency;
    Inbox* inbox;                     ///< null without a sandbox
    delivery::WorkerPool& readers;    ///< answers questions to the store
    delivery::WorkerPool& processor;  ///< pool ai_processor: reads and renders batches
    std::vector<delivery::Pool*> pools;
    const config::Settings& settings;
    const Clock& clock;
    Log& log;
    std::function<void()>
        reload_rules;  ///< reads templates, keys, pools and limits again, where they have changed
    std::function<std::string()>
        not_ready;  ///< why the server should get no traffic, "" if it should

    std::string listen_url = {};  ///< set once it listens
    std::int64_t started_ms = 0;
    const config::Loaded* loaded = nullptr;  ///< where settings came from; null: not known
    // Set by app/ before the first request:
    LiveHub* live = nullptr;
    Demo* demo = nullptr;  ///< null without a sandbox
    RedriveRuns* redrives = nullptr;
    const Queue* queue = nullptr;
    Coordination* coordination = nullptr;
    const jobs::Leadership* leadership = nullptr;
    const jobs::Membership* membership = nullptr;  ///< null: this node is the only one
    std::string node_name = {};

    /// Where this server is reached from outside, without a slash at the end: the setting
    /// public_url, else the request's own Host, else the listening address.
    [[nodiscard]] std::string public_url() const;
    [[nodiscard]] std::string public_url(const http::Request& request) const;
};

}  // namespace hongyan::api
