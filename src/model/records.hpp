// The rows that are not messages: templates, batch tasks, API keys, what the store keeps of an
// idempotent request. Plain structs; times are milliseconds since 1970, 0 means "not set".
#pragma once

#include <cstdint>
#include <string>

#include "model/enums.hpp"

namespace hongyan {

/// Who made a change: the API key, by its name of that time and its id. No name: not known.
struct Actor {
    std::string name;
    std::int64_t key_id = 0;  ///< 0: the administrator's key of the configuration
};

struct TemplateRecord {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::string name;
    std::string title;
    ChannelKind channel = ChannelKind::sms;
    std::string subject;
    std::string content;
    std::string html;
    std::string variables = "[]";  ///< JSON array of declared variables
    std::string options;     ///< JSON object of provider sections; texts are templates; "" = none
    std::string on_unknown;  ///< send_again, hold, or "": the server's setting
    std::string design;      ///< what the visual editor keeps; "" = none. Not in the book
    std::string status = "active";  ///< active or disabled
    std::int32_t version = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
    // Of the version; not in the book:
    Actor saved_by = {};
    std::string comment = {};  ///< what the version changes, in its author's words; may be empty
};

struct TaskRecord {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::int64_t template_id = 0;
    std::string name = {};  ///< for people; may be empty
    ChannelKind channel = ChannelKind::sms;
    std::int64_t total_count = 0;
    std::int64_t success_count = 0;
    std::int64_t failed_count = 0;
    std::int64_t cancelled_count = 0;
    std::int64_t expired_count = 0;
    TaskStatus status = TaskStatus::pending;
    std::int64_t created_ms = 0;
    std::int64_t finished_ms = 0;
    int node = -1;  ///< of the cluster, that writes it; only given to insert_task()

    [[nodiscard]] std::int64_t pending_count() const {
        return total_count - success_count - failed_count - cancelled_count - expired_count;
    }
};

struct KeyRecord {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::string tenant;  ///< the tenant's name
    std::string name;
    std::string prefix;  ///< the first characters of the key, to recognise it by
    std::string hash;    ///< SHA-256 of the key, 32 raw bytes
    std::string scopes;  ///< words separated by one space: send read manage admin
    std::int64_t created_ms = 0;
    std::int64_t expires_ms = 0;
    std::int64_t revoked_ms = 0;
    std::string created_by = {};  ///< name of the key that made it; "" = the first start or a shell
    std::int64_t last_used_ms = 0;
};

/// A provider account as it stands in the table; secrets are sealed.
struct AccountRecord {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    ChannelKind channel = ChannelKind::sms;
    std::string provider;
    std::string name;
    std::string settings = "{}";    ///< JSON object without the secret ones
    std::string secrets;            ///< sealed JSON object, "" for none
    std::string status = "active";  ///< active or disabled
    std::int32_t tier = 1;
    std::int32_t weight = 100;
    std::string policy = "{}";  ///< JSON object: limits, breaker; see api
    std::string callback_key;   ///< unguessable; part of the URL that the provider calls
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

/// A recipient who is not to be written to on a channel.
struct SuppressionRecord {
    std::int64_t tenant_id = 1;
    ChannelKind channel = ChannelKind::sms;
    std::string recipient;
    std::string reason;
    std::int64_t message_id = 0;  ///< that taught us, 0 = added by hand
    std::int64_t created_ms = 0;
};

/// A row of message_receipts.
struct ReceiptRecord {
    std::int64_t message_id = 0;  ///< 0: not matched yet
    std::int64_t account_id = 0;
    std::string provider_message_id;
    MessageStatus status = MessageStatus::delivered;
    std::string code;
    std::string detail;
    std::string suppress;
    std::int64_t happened_ms = 0;
    std::int64_t received_ms = 0;
};

struct IdempotencyRecord {
    std::int64_t tenant_id = 1;
    std::string route;
    std::string key;
    std::string body_hash;  ///< SHA-256 of the request's body, 32 raw bytes
    std::string reply;      ///< the body of the 202
    std::int64_t created_ms = 0;
};

/// A token that a provider gave out for a message, so that it recognises a repeat.
struct ProviderToken {
    std::int64_t message_id = 0;
    std::int64_t account_id = 0;
    std::string token;
    std::int64_t given_ms = 0;
};

/// What a limit by destination has counted in one part of its window.
struct DestinationCount {
    std::string counter;
    std::int64_t part = 0;
    double count = 0;
    std::int64_t ends_ms = 0;  ///< when it counts no more
};

}  // namespace hongyan
