// Provider: one wire protocol on which messages of one kind of channel leave, e.g. "aliyun" for
// sms. An Account is one contract with it: settings, credentials and connections of one tenant,
// opened and closed while the server runs. A provider is found by its folder:
// src/channel/NAME/provider.hpp declares add_providers(), nothing else names it. An account never
// retries and never fails over: it reports the class of each answer, and delivery decides. All
// members are safe from every thread; check() is pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address_guard.hpp"
#include "base/log.hpp"
#include "base/unique_function.hpp"
#include "contract/channel.hpp"
#include "contract/outbound.hpp"

namespace hongyan {

/// What delivery must know of a protocol before it uses it.
struct ProviderTraits {
    /// The longest time within which a repeat with the same token is recognised by the provider;
    /// 0 = it has no such facility. Within it an unknown outcome may be sent again safely, on the
    /// same account.
    std::int64_t idempotency_ms = 0;
    bool has_receipts = false;        ///< success is followed by delivered or failed, mostly
    std::size_t batch = 1;            ///< messages that one send() takes at best
    std::size_t max_in_flight = 100;  ///< default upper bound of messages under way on one account
    /// The token is not made from the message's id but given out by the provider: a repeat is safe
    /// only for a message that has one in its provider_token.
    bool gives_tokens = false;
};

/// One account as it is opened. settings is the JSON object that settings_shape describes, secrets
/// in clear; keep it out of logs.
struct AccountSettings {
    std::int64_t id = 0;
    std::int64_t tenant_id = 1;
    std::string name;  ///< unique in tenant and channel; part of the callback's URL
    std::string settings;
};

/// Keeps tokens of idempotency that a provider gave out, so that a repeat after a crash carries the
/// same one.
class TokenStore {
  public:
    struct Given {
        MessageId message_id = 0;
        std::string token;
        std::int64_t given_ms = 0;  ///< by the provider
    };
    virtual ~TokenStore() = default;
    /// Never blocks; stored is called once they are on disk (true) or cannot be (false), and only
    /// then may a request use them. Later attempts find them in Message.provider_token.
    virtual void keep(std::int64_t account_id, std::vector<Given> tokens,
                      UniqueFunction<void(bool stored)> stored) = 0;
};

/// What every account may use; all outlive it.
struct ProviderParts {
    Outbound& outbound;
    const Clock& clock;
    Log& log;
    /// Where sockets that an account opens itself may lead: public addresses and these; null =
    /// anywhere, because the operator chose the settings. outbound keeps to it by itself.
    const NetworkList* allowed = nullptr;
    TokenStore* tokens = nullptr;  ///< null: tokens live in memory only
};

/// The answer to a provider's callback, and what it meant.
struct CallbackAnswer {
    std::vector<Receipt> receipts;
    int status = 200;
    std::string content_type = "application/json";
    std::string body;  ///< what the provider expects, e.g. {"code":0,"msg":"ok"}
    /// Not "" : the same callback again (nonce, event id) must have no effect; kept 24 hours.
    std::string replay_key;
};

/// Gives receipts that came on the account's own connection; stored is called once they are on disk
/// (true) or cannot be (false), and only then may the provider be told.
using ReceiptSink =
    std::function<void(std::vector<Receipt> receipts, UniqueFunction<void(bool stored)> stored)>;

/// What a test of an account found; nothing is sent to any person.
struct AccountTest {
    bool ok = false;
    std::string detail;  ///< a sentence for the operator: what was tried, what was answered
    std::int64_t duration_ms = 0;
};

class Account {
  public:
    virtual ~Account() = default;
    /// Called once before the first send(). Connections may be opened later; a provider that is
    /// down is no error here.
    virtual Status start(OutcomeSink sink, ReceiptSink receipts) = 0;
    /// Never blocks; every message comes back through the sink exactly once, at the deadline at the
    /// latest. Outcome.provider is filled in by delivery.
    virtual void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) = 0;
    /// Verifies and reads a callback. Errors: unauthorized (signature, time stamp), bad_request,
    /// not_found (this provider calls nobody).
    virtual Result<CallbackAnswer> callback(const Callback& callback) = 0;
    /// Not "": accounts of one tenant and provider with the same word hear each other's receipts,
    /// as sessions of one system_id at one message centre do; constant.
    [[nodiscard]] virtual std::string receipt_scope() const { return ""; }
    /// Tries credentials and connection as far as possible without sending to anybody.
    virtual void test(UniqueFunction<void(AccountTest)> done) = 0;
    /// Waits at most grace for what is under way, then reports the rest truthfully and closes.
    virtual void stop(Millis grace) = 0;
};

class Provider {
  public:
    virtual ~Provider() = default;
    [[nodiscard]] virtual ChannelKind channel() const = 0;
    /// Stable, as in traces, settings and options: "aliyun", "smpp", "apns".
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// For people: "Aliyun SMS / 阿里云短信".
    [[nodiscard]] virtual std::string_view title() const = 0;
    [[nodiscard]] virtual const ProviderTraits& traits() const = 0;
    /// Schemas as JSON text: settings (secrets are writeOnly), content (the provider's section of
    /// a message's options, see Content.options), recipient. Made from described structs.
    [[nodiscard]] virtual const ChannelShapes& shapes() const = 0;
    /// Names of the settings that are secret: write-only in the API, encrypted in the store.
    [[nodiscard]] virtual std::vector<std::string_view> secrets() const = 0;
    /// Problems of an account's settings, paths from "$"; empty if an account could be opened.
    [[nodiscard]] virtual std::vector<Problem> check_settings(std::string_view settings) const = 0;
    /// Problems of recipient ("$.recipient") and content ("$.subject", "$.content", "$.html",
    /// "$.options.NAME..."); empty if this provider could send it.
    [[nodiscard]] virtual std::vector<Problem> check(std::string_view recipient,
                                                     const Content& content) const = 0;
    /// Errors: config_invalid with the problems of check_settings or of what they name (a key
    /// file).
    [[nodiscard]] virtual Result<std::unique_ptr<Account>> open(
        AccountSettings settings, const ProviderParts& parts) const = 0;
};

using ProviderList = std::vector<std::unique_ptr<Provider>>;

}  // namespace hongyan
