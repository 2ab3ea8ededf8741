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
#include "config/settings.hpp"
#include "delivery/delivery.hpp"
#include "delivery/template_book.hpp"

namespace hongyan::api {

struct Context {
    Store& store;
    delivery::Delivery& delivery;
    delivery::TemplateBook& templates;
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
};

}  // namespace hongyan::api
