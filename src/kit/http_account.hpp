// HttpAccount: the part that all providers over HTTP share. A provider describes its protocol (how
// a message becomes a request, how an answer becomes an outcome, how a token is fetched); the
// account made here sends, keeps the deadline, tells "not sent" from "answer lost", refreshes
// tokens (one refresh at a time, early, and once more when the provider calls one expired), and
// learns the provider's clock from its Date header. The protocol's functions are called from
// several threads at once and must be pure or guard themselves.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "contract/provider.hpp"

namespace hongyan::kit {

/// A credential that expires. expires_in is counted from the answer's arrival.
struct Token {
    std::string value;
    Millis expires_in{7'200'000};
};

/// What a request may need besides the message.
struct SendContext {
    std::string token;        ///< "" if the protocol fetches none
    std::int64_t now_ms = 0;  ///< wall time, corrected by what the provider's clock showed
};

class HttpProtocol {
  public:
    virtual ~HttpProtocol() = default;

    /// The request of one message. An Error ends the message as message_permanent with its detail.
    virtual Result<OutboundRequest> request(const Message& message, const SendContext& context) = 0;
    /// The outcome of an answer (CallEnd::answered only; any status). kind, code, detail,
    /// provider_message_id, retry_after_ms and suppress are taken from it. OutcomeClass::token
    /// makes the account fetch a new token and send once more; a second one counts as
    /// configuration.
    virtual Outcome judge(const Message& message, const OutboundReply& reply) = 0;
    /// Told of the message for which the answer was lost or not sent; the default is unknown or
    /// transient. Override where nothing can have happened.
    virtual Outcome judge_lost(const Message& message, const OutboundReply& reply);

    /// A call that asks what became of a message whose answer was lost. It is made when that
    /// happens, and before the message is sent again. Nothing where the provider cannot be asked,
    /// or where its answer would not name this one message.
    virtual std::optional<OutboundRequest> query_request(const Message& message,
                                                         const SendContext& context);
    /// The outcome that the answer proves; nothing if it proves none: then the message counts as
    /// before.
    virtual std::optional<Outcome> judge_query(const Message& message, const OutboundReply& reply);

    /// The call that fetches a token; nothing if this protocol has none (then token is "").
    virtual std::optional<OutboundRequest> token_request(std::int64_t now_ms);
    /// Error: configuration (refused credentials, kind config_invalid) or transient (any other
    /// kind).
    virtual Result<Token> read_token(const OutboundReply& reply);

    /// As Account::callback; the default answers not_found.
    virtual Result<CallbackAnswer> callback(const Callback& callback, std::int64_t now_ms);
    /// A call that proves credentials and sends nothing; nothing: the token call is the test, or
    /// the answer to a GET of the endpoint.
    virtual std::optional<OutboundRequest> test_request(const SendContext& context);
    virtual AccountTest judge_test(const OutboundReply& reply);
};

[[nodiscard]] std::unique_ptr<Account> make_http_account(std::unique_ptr<HttpProtocol> protocol,
                                                         const ProviderParts& parts);

/// The token of idempotency of a message: the same for all its attempts, known before the first, a
/// UUID of 36 characters made from the message's id (RFC 9562 version 8).
[[nodiscard]] std::string message_token(const Message& message);

/// The section of a message's or content's options that belongs to a provider, as JSON text; "{}"
/// if there is none.
[[nodiscard]] std::string options_section(std::string_view options, std::string_view provider);

/// Retry-After in seconds or as an HTTP date (RFC 9110 10.2.3), as milliseconds from now_ms, at
/// most a day however large; 0 if absent, past, negative or no such value.
[[nodiscard]] std::int64_t retry_after_ms(std::string_view value, std::int64_t now_ms);

/// The class that an HTTP status has by itself, for answers whose body says nothing: 2xx accepted,
/// 401/403 configuration, 408/5xx transient, 413 message_permanent, 429 rate_limited, 3xx and other
/// 4xx configuration or message_permanent as documented in docs/accounts.md.
[[nodiscard]] OutcomeClass class_of_status(int status);

}  // namespace hongyan::kit
