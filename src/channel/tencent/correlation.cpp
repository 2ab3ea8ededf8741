#include "channel/tencent/correlation.hpp"

#include "kit/http_account.hpp"

namespace hongyan::tencent {

std::string correlation_of(const Message& message) {
    return kit::message_token(message) + "." + trace_id_of(message.id);
}

MessageId message_id_in(std::string_view correlation) {
    constexpr std::size_t token_size = 36;
    // Anything else is what another system on the same account wrote.
    if (correlation.size() <= token_size || correlation[token_size] != '.') return 0;
    const std::string_view id = correlation.substr(token_size + 1);
    return id.starts_with("msg_") ? parse_message_id(id).value_or(0) : 0;
}

}  // namespace hongyan::tencent
