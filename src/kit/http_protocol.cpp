// What a protocol does that overrides nothing.
#include "kit/http_account.hpp"

namespace hongyan::kit {

Outcome HttpProtocol::judge_lost(const Message&, const OutboundReply& reply) {
    Outcome outcome;
    outcome.detail = reply.detail;
    switch (reply.end) {
        case CallEnd::not_sent:
            outcome.kind = OutcomeClass::transient;
            break;
        case CallEnd::refused:
            outcome.kind = OutcomeClass::configuration;
            break;
        case CallEnd::answered:
        case CallEnd::lost:
            outcome.kind = OutcomeClass::unknown;
            break;
    }
    return outcome;
}

std::optional<OutboundRequest> HttpProtocol::query_request(const Message&, const SendContext&) {
    return std::nullopt;
}

std::optional<Outcome> HttpProtocol::judge_query(const Message&, const OutboundReply&) {
    return std::nullopt;
}

std::optional<OutboundRequest> HttpProtocol::token_request(std::int64_t) { return std::nullopt; }

Result<Token> HttpProtocol::read_token(const OutboundReply&) {
    return make_error(ErrorCode::outbound_failed, "this protocol has no token");
}

Result<CallbackAnswer> HttpProtocol::callback(const Callback&, std::int64_t) {
    return make_error(ErrorCode::not_found, "this provider calls nobody back");
}

std::optional<OutboundRequest> HttpProtocol::test_request(const SendContext&) {
    return std::nullopt;
}

AccountTest HttpProtocol::judge_test(const OutboundReply& reply) {
    AccountTest test;
    if (reply.end != CallEnd::answered) {
        test.detail = "the provider could not be reached: " + reply.detail;
        return test;
    }
    test.ok = class_of_status(reply.status) == OutcomeClass::accepted;
    test.detail = "the provider answered HTTP " + std::to_string(reply.status);
    return test;
}

}  // namespace hongyan::kit
