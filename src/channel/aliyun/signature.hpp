// The two signatures of Aliyun's gateway over the parameters of a call. Pure functions, safe from
// every thread; the caller gives time and nonce, so that both are testable against the published
// vectors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hongyan::aliyun {

/// Parameters by name, in the byte order that both signatures sort by.
using Parameters = std::map<std::string, std::string>;

/// "a=1&b=%E4%BD%A0", names and values percent-encoded.
[[nodiscard]] std::string canonical_query(const Parameters& parameters);

/// What names the account to the gateway.
struct Credentials {
    std::string access_key_id;
    std::string access_key_secret;
    std::string security_token;  ///< of temporary credentials (STS), else ""
};

/// A call before it is signed. The path of both kinds is "/".
struct Call {
    std::string action;
    std::string version;
    std::string host;          ///< as it stands in the Host field, with the port if there is one
    std::string content_type;  ///< v3 only; "" = no such field is sent
    Parameters parameters;
    std::string nonce;
    std::int64_t now_ms = 0;
};

/// base64 of HMAC-SHA1 over the sorted parameters; method is "GET" or "POST".
[[nodiscard]] std::string rpc_signature(std::string_view method, const Parameters& parameters,
                                        std::string_view secret);
/// All parameters of an RPC call, Signature included.
[[nodiscard]] Parameters rpc_parameters(std::string_view method, const Call& call,
                                        const Credentials& credentials);

using Headers = std::vector<std::pair<std::string, std::string>>;
/// The header fields of an ACS3-HMAC-SHA256 call with its parameters in the query and an empty
/// body, Authorization included, Host left out (the client writes it).
[[nodiscard]] Headers v3_headers(const Call& call, const Credentials& credentials);

/// "2026-01-02T03:04:05Z"
[[nodiscard]] std::string utc_seconds(std::int64_t unix_ms);

}  // namespace hongyan::aliyun
