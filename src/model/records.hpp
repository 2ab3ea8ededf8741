// The rows that are not messages: templates, batch tasks, API keys, what the store keeps of an
// idempotent request. Plain structs; times are milliseconds since 1970, 0 means "not set".
#pragma once

#include <cstdint>
#include <string>

#include "model/enums.hpp"

namespace hongyan {

struct TemplateRecord {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::string name;
    std::string title;
    ChannelKind channel = ChannelKind::sms;
    std::string subject;
    std::string content;
    std::string html;
    std::string variables = "[]";   ///< JSON array of declared variables
    std::string status = "active";  ///< active or disabled
    std::int32_t version = 1;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

struct TaskRecord {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::int64_t template_id = 0;
    ChannelKind channel = ChannelKind::sms;
    std::int64_t total_count = 0;
    std::int64_t success_count = 0;
    std::int64_t failed_count = 0;
    std::int64_t cancelled_count = 0;
    std::int64_t expired_count = 0;
    TaskStatus status = TaskStatus::pending;
    std::int64_t created_ms = 0;
    std::int64_t finished_ms = 0;

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
};

struct IdempotencyRecord {
    std::int64_t tenant_id = 1;
    std::string route;
    std::string key;
    std::string body_hash;  ///< SHA-256 of the request's body, 32 raw bytes
    std::string reply;      ///< the body of the 202
    std::int64_t created_ms = 0;
};

}  // namespace hongyan
