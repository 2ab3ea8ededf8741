// Every setting of the program as plain typed members; email.smtp_url is settings.email.smtp_url.
// Filled by config::load(), from then on a constant that app/ passes by reference, so it is safe
// from every thread. What each setting means, its default and its bounds stand once in
// setting_table.cpp; the walk below joins the two by name, and a test checks that they agree.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace hongyan::config {

struct LogSettings {
    std::string level;
    std::string format;
};
BOOST_DESCRIBE_STRUCT(LogSettings, (), (level, format))

struct HttpSettings {
    std::int64_t io_threads = 0;
    std::int64_t max_connections = 0;
    std::int64_t max_connections_per_address = 0;
    std::int64_t header_timeout_seconds = 0;
    std::int64_t idle_timeout_seconds = 0;
    std::int64_t request_timeout_seconds = 0;
    std::int64_t stop_grace_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(HttpSettings, (),
                      (io_threads, max_connections, max_connections_per_address,
                       header_timeout_seconds, idle_timeout_seconds, request_timeout_seconds,
                       stop_grace_seconds))

struct LiveSettings {
    std::int64_t max_connections = 0;
    std::int64_t max_connections_per_key = 0;
    std::int64_t max_connections_per_address = 0;
};
BOOST_DESCRIBE_STRUCT(LiveSettings, (),
                      (max_connections, max_connections_per_key, max_connections_per_address))

struct StoreSettings {
    std::string url;
    std::int64_t cache_mib = 0;
    std::int64_t checkpoint_pages = 0;
    std::int64_t reader_threads = 0;
    std::int64_t batch_rows = 0;
};
BOOST_DESCRIBE_STRUCT(StoreSettings, (),
                      (url, cache_mib, checkpoint_pages, reader_threads, batch_rows))

struct QueueSettings {
    std::string url;
    std::int64_t aging_seconds = 0;
    std::int64_t max_messages = 0;
};
BOOST_DESCRIBE_STRUCT(QueueSettings, (), (url, aging_seconds, max_messages))

struct CoordinationSettings {
    std::string url;
};
BOOST_DESCRIBE_STRUCT(CoordinationSettings, (), (url))

struct NodeSettings {
    std::string name;
    std::string roles;
};
BOOST_DESCRIBE_STRUCT(NodeSettings, (), (name, roles))

struct DeliverySettings {
    std::int64_t retry_attempts = 0;
    std::int64_t retry_base_ms = 0;
    std::int64_t retry_max_ms = 0;
    std::int64_t deadline_hours = 0;
    std::int64_t attempt_timeout_seconds = 0;
    std::string unknown_outcome;
};
BOOST_DESCRIBE_STRUCT(DeliverySettings, (),
                      (retry_attempts, retry_base_ms, retry_max_ms, deadline_hours,
                       attempt_timeout_seconds, unknown_outcome))

struct RetentionSettings {
    std::int64_t trace_days = 0;
    std::int64_t message_days = 0;
    std::int64_t step_rows = 0;
};
BOOST_DESCRIBE_STRUCT(RetentionSettings, (), (trace_days, message_days, step_rows))

struct IdempotencySettings {
    std::int64_t hours = 0;
};
BOOST_DESCRIBE_STRUCT(IdempotencySettings, (), (hours))

struct EmailSettings {
    std::string smtp_url;
    std::string tls;
    std::string username;
    std::string password;
    std::string from;
    std::string helo;
    std::string ca_file;
    std::int64_t connections = 0;
    std::int64_t timeout_seconds = 0;
    std::int64_t messages_per_connection = 0;
};
BOOST_DESCRIBE_STRUCT(EmailSettings, (),
                      (smtp_url, tls, username, password, from, helo, ca_file, connections,
                       timeout_seconds, messages_per_connection))

struct OutboundSettings {
    std::string allow_networks;
    std::int64_t max_in_flight = 0;
    std::int64_t max_per_host = 0;
};
BOOST_DESCRIBE_STRUCT(OutboundSettings, (), (allow_networks, max_in_flight, max_per_host))

struct SandboxSettings {
    bool enabled = false;
    std::int64_t inbox_messages = 0;
    std::int64_t ledger_mib = 0;
    std::int64_t latency_ms = 0;
    double failure_percent = 0;
    std::string failure_class;
    bool providers = false;
    std::int64_t http_port = 0;
    std::int64_t https_port = 0;
    std::string providers_file;
};
BOOST_DESCRIBE_STRUCT(SandboxSettings, (),
                      (enabled, inbox_messages, ledger_mib, latency_ms, failure_percent,
                       failure_class, providers, http_port, https_port, providers_file))

struct Settings {
    std::string listen;
    std::string data_dir;
    std::string admin_key;
    std::string public_url;
    std::string master_key;
    LogSettings log;
    HttpSettings http;
    LiveSettings live;
    StoreSettings store;
    QueueSettings queue;
    CoordinationSettings coordination;
    NodeSettings node;
    DeliverySettings delivery;
    RetentionSettings retention;
    IdempotencySettings idempotency;
    EmailSettings email;
    OutboundSettings outbound;
    SandboxSettings sandbox;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (listen, data_dir, admin_key, public_url, master_key, log, http, live, store,
                       queue, coordination, node, delivery, retention, idempotency, email, outbound,
                       sandbox))

/// Calls visit(dotted_name, member&) for every leaf of a described tree, in the order of
/// declaration.
template <class Struct, class Visit>
void visit_settings(Struct& settings, const Visit& visit, const std::string& prefix = "") {
    using Plain = std::remove_const_t<Struct>;
    using Members = boost::describe::describe_members<Plain, boost::describe::mod_public>;
    boost::mp11::mp_for_each<Members>([&](auto descriptor) {
        auto& member = settings.*descriptor.pointer;
        using Member = std::remove_cvref_t<decltype(member)>;
        const std::string name = prefix + descriptor.name;
        if constexpr (boost::describe::has_describe_members<Member>::value) {
            visit_settings(member, visit, name + ".");
        } else {
            visit(std::string_view(name), member);
        }
    });
}

}  // namespace hongyan::config
