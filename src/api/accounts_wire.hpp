// The JSON of provider accounts and providers. Private to accounts.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <map>

#include "delivery/account_policy.hpp"
#include "delivery/live_account.hpp"
#include "shape/shape.hpp"

namespace hongyan::api {

struct AccountRequest {
    ChannelKind channel = ChannelKind::sms;
    std::string provider;
    std::string name;
    std::string settings;
    std::int32_t tier = 1;
    std::int32_t weight = 100;
    std::string status = "active";
    std::optional<delivery::AccountPolicy> policy;
};
struct AccountPatch {
    std::optional<std::string> name;
    std::string settings;
    std::optional<std::int32_t> tier;
    std::optional<std::int32_t> weight;
    std::optional<std::string> status;
    std::optional<delivery::AccountPolicy> policy;
};
struct AccountHealth {
    std::string breaker;
    std::string breaker_reason;
    std::optional<std::int64_t> closed_until;
    std::string closed_reason;
    double health = 1;
    int in_flight = 0;
    int limit = 0;
    double average_ms = 0;
    std::int64_t calls = 0;
    std::map<std::string, std::int64_t> outcomes;
    std::string last_error;
    std::optional<std::int64_t> last_error_at;
    std::string trouble;
};
struct AccountReply {
    std::int64_t id = 0;
    ChannelKind channel = ChannelKind::sms;
    std::string provider;
    std::string name;
    std::string settings;
    std::vector<std::string> secrets_set;
    std::int32_t tier = 1;
    std::int32_t weight = 100;
    std::string status;
    delivery::AccountPolicy policy;
    std::string callback_url;
    std::int64_t created_at = 0;
    std::int64_t updated_at = 0;
    std::optional<AccountHealth> health;
};
struct AccountPage {
    std::vector<AccountReply> items;
};
struct AccountQuery {
    std::optional<ChannelKind> channel;
};
struct AccountTestReply {
    bool ok = false;
    std::string detail;
    std::int64_t duration_ms = 0;
};
struct ProviderReply {
    ChannelKind channel = ChannelKind::sms;
    std::string name;
    std::string title;
    std::string settings_schema;
    std::string options_schema;
    std::string recipient_schema;
    std::vector<std::string> secrets;
    bool has_receipts = false;
    std::int64_t idempotency_seconds = 0;
    std::int64_t max_in_flight = 0;
};
struct ProviderPage {
    std::vector<ProviderReply> items;
};

const shape::Object& describe(shape::Tag<AccountRequest>);
const shape::Object& describe(shape::Tag<AccountPatch>);
const shape::Object& describe(shape::Tag<AccountHealth>);
const shape::Object& describe(shape::Tag<AccountReply>);
const shape::Object& describe(shape::Tag<AccountPage>);
const shape::Object& describe(shape::Tag<AccountQuery>);
const shape::Object& describe(shape::Tag<AccountTestReply>);
const shape::Object& describe(shape::Tag<ProviderReply>);
const shape::Object& describe(shape::Tag<ProviderPage>);

[[nodiscard]] AccountHealth health_of(delivery::LiveAccount& account, std::int64_t now_ms);

}  // namespace hongyan::api
