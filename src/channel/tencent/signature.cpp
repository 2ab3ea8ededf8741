#include "channel/tencent/signature.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::tencent {
namespace {

constexpr std::string_view algorithm = "TC3-HMAC-SHA256";

std::string signed_names(const Call& call) {
    return call.action.empty() ? "content-type;host" : "content-type;host;x-tc-action";
}

std::string scope_of(const Call& call) {
    return format_day(call.timestamp * 1000) + "/" + call.service + "/tc3_request";
}

std::string signature_of(const Call& call, std::string_view secret_key) {
    const std::string text = std::string(algorithm) + "\n" + std::to_string(call.timestamp) + "\n" +
                             scope_of(call) + "\n" + hashed_request(call);
    const std::string day_key =
        hmac_sha256("TC3" + std::string(secret_key), format_day(call.timestamp * 1000));
    const std::string service_key = hmac_sha256(day_key, call.service);
    return to_hex(hmac_sha256(hmac_sha256(service_key, "tc3_request"), text));
}

}  // namespace

std::string hashed_request(const Call& call) {
    std::string text = "POST\n/\n\n";
    text += "content-type:" + to_lower(call.content_type) + "\n";
    text += "host:" + to_lower(call.host) + "\n";
    if (!call.action.empty()) text += "x-tc-action:" + to_lower(call.action) + "\n";
    text += "\n" + signed_names(call) + "\n" + to_hex(sha256(call.body));
    return to_hex(sha256(text));
}

std::string authorization(const Call& call, const Credentials& credentials) {
    return std::string(algorithm) + " Credential=" + credentials.secret_id + "/" + scope_of(call) +
           ", SignedHeaders=" + signed_names(call) +
           ", Signature=" + signature_of(call, credentials.secret_key);
}

}  // namespace hongyan::tencent
