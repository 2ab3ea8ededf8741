#include "channel/aliyun/signature.hpp"

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::aliyun {
namespace {

constexpr std::string_view algorithm = "ACS3-HMAC-SHA256";

std::string joined_names(const Parameters& headers) {
    std::string names;
    for (const auto& [name, value] : headers) {
        if (!names.empty()) names += ';';
        names += name;
    }
    return names;
}

std::string v3_authorization(const Call& call, const Parameters& headers,
                             const Credentials& credentials) {
    const std::string names = joined_names(headers);
    std::string request = "POST\n/\n" + canonical_query(call.parameters) + "\n";
    for (const auto& [name, value] : headers) request += name + ":" + value + "\n";
    request += "\n" + names + "\n" + headers.at("x-acs-content-sha256");
    const std::string text = std::string(algorithm) + "\n" + to_hex(sha256(request));
    return std::string(algorithm) + " Credential=" + credentials.access_key_id +
           ",SignedHeaders=" + names +
           ",Signature=" + to_hex(hmac_sha256(credentials.access_key_secret, text));
}

}  // namespace

std::string canonical_query(const Parameters& parameters) {
    std::string query;
    for (const auto& [name, value] : parameters) {
        if (!query.empty()) query += '&';
        query += percent_encoded(name) + "=" + percent_encoded(value);
    }
    return query;
}

std::string utc_seconds(std::int64_t unix_ms) {
    return format_rfc3339(unix_ms).substr(0, 19) + "Z";
}

std::string rpc_signature(std::string_view method, const Parameters& parameters,
                          std::string_view secret) {
    // The query is encoded a second time as a whole: the gateway does the same.
    const std::string text =
        std::string(method) + "&%2F&" + percent_encoded(canonical_query(parameters));
    return to_base64(hmac_sha1(std::string(secret) + "&", text));
}

Parameters rpc_parameters(std::string_view method, const Call& call,
                          const Credentials& credentials) {
    Parameters all = call.parameters;
    all["AccessKeyId"] = credentials.access_key_id;
    all["Action"] = call.action;
    all["Format"] = "JSON";
    all["SignatureMethod"] = "HMAC-SHA1";
    all["SignatureNonce"] = call.nonce;
    all["SignatureVersion"] = "1.0";
    all["Timestamp"] = utc_seconds(call.now_ms);
    all["Version"] = call.version;
    if (!credentials.security_token.empty()) all["SecurityToken"] = credentials.security_token;
    all["Signature"] = rpc_signature(method, all, credentials.access_key_secret);
    return all;
}

Headers v3_headers(const Call& call, const Credentials& credentials) {
    Parameters signed_ones{{"host", call.host},
                           {"x-acs-action", call.action},
                           {"x-acs-content-sha256", to_hex(sha256(""))},
                           {"x-acs-date", utc_seconds(call.now_ms)},
                           {"x-acs-signature-nonce", call.nonce},
                           {"x-acs-version", call.version}};
    if (!call.content_type.empty()) signed_ones["content-type"] = call.content_type;
    if (!credentials.security_token.empty()) {
        signed_ones["x-acs-security-token"] = credentials.security_token;
    }
    Headers headers;
    for (const auto& [name, value] : signed_ones) {
        if (name != "host") headers.emplace_back(name, value);
    }
    headers.emplace_back("Authorization", v3_authorization(call, signed_ones, credentials));
    return headers;
}

}  // namespace hongyan::aliyun
