#include "universe/aliyun/gateway.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::universe::aliyun {
namespace {

constexpr std::string_view scheme = "ACS3-HMAC-SHA256";
constexpr std::string_view api_version = "2017-05-25";
constexpr std::int64_t longest_skew_ms = 15 * 60'000;

/// What both styles have in common, read from where each has it.
struct Claim {
    std::string key_id;
    std::string signature;
    std::string expected;  ///< the signature that would be right
    std::string text;      ///< what was signed, for the message of the refusal
    std::string date;
    std::string nonce;
    std::string version;
};

std::string host_of(const ServiceRequest& request) {
    const std::string_view host = request.header("host");
    return std::string(host.empty() ? std::string_view(request.authority) : host);
}

Refusal incomplete(std::string message) { return {400, "IncompleteSignature", std::move(message)}; }

Refusal missing(std::string_view name) {
    return {400, "Missing" + std::string(name),
            std::string(name) + " is mandatory for this action."};
}

/// "Credential=a,SignedHeaders=b,Signature=c" behind the scheme, in any order.
std::map<std::string, std::string> authorization_parts(std::string_view value) {
    std::map<std::string, std::string> parts;
    for (const std::string& part : split(value.substr(scheme.size()), ',')) {
        const std::string_view text = trim(part);
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        parts.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return parts;
}

/// The first field that has to be signed and is not; "" if all are.
std::string unsigned_header(const ServiceRequest& request, const std::vector<std::string>& names) {
    const auto is_signed = [&](std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    for (const auto& [name, value] : request.headers) {
        const bool wanted =
            name.starts_with("x-acs-") || (name == "content-type" && !request.body.empty());
        if (wanted && !is_signed(name)) return name;
    }
    for (const std::string_view name : {"host", "x-acs-action", "x-acs-version", "x-acs-date",
                                        "x-acs-signature-nonce", "x-acs-content-sha256"}) {
        if (!is_signed(name)) return std::string(name);
    }
    return "";
}

std::string canonical(const Parameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) {
        text += (text.empty() ? "" : "&") + percent_encoded(name) + "=" + percent_encoded(value);
    }
    return text;
}

std::string v3_text(const ServiceRequest& request, const Parameters& query,
                    const std::string& signed_names) {
    std::string text = request.method + "\n/\n" + canonical(query) + "\n";
    for (const std::string& name : split(signed_names, ';')) {
        const std::string value =
            name == "host" ? host_of(request) : std::string(trim(request.header(name)));
        text += name + ":" + value + "\n";
    }
    text += "\n" + signed_names + "\n" + to_hex(sha256(request.body));
    return std::string(scheme) + "\n" + to_hex(sha256(text));
}

std::variant<Claim, Refusal> v3_claim(const ServiceRequest& request, const Parameters& query,
                                      const Key& key) {
    auto parts = authorization_parts(request.header("authorization"));
    const std::string& names = parts["SignedHeaders"];
    if (parts["Credential"].empty() || names.empty() || parts["Signature"].empty()) {
        return incomplete("Authorization must have Credential, SignedHeaders and Signature.");
    }
    if (const auto name = unsigned_header(request, split(names, ';')); !name.empty()) {
        return incomplete("The header " + name + " must be signed.");
    }
    if (request.header("x-acs-content-sha256") != to_hex(sha256(request.body))) {
        return incomplete("x-acs-content-sha256 is not the hash of the body.");
    }
    Claim claim;
    claim.key_id = parts["Credential"];
    claim.signature = parts["Signature"];
    claim.text = v3_text(request, query, names);
    claim.expected = to_hex(hmac_sha256(key.secret, claim.text));
    claim.date = request.header("x-acs-date");
    claim.nonce = request.header("x-acs-signature-nonce");
    claim.version = request.header("x-acs-version");
    return claim;
}

std::variant<Claim, Refusal> rpc_claim(const ServiceRequest& request, const Parameters& all,
                                       const Key& key) {
    for (const char* name : {"AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion",
                             "SignatureNonce", "Timestamp", "Version", "Action"}) {
        if (value_in(all, name).empty()) return missing(name);
    }
    if (all.at("SignatureMethod") != "HMAC-SHA1" || all.at("SignatureVersion") != "1.0") {
        return incomplete("SignatureMethod must be HMAC-SHA1 and SignatureVersion 1.0.");
    }
    Parameters without = all;
    without.erase("Signature");
    Claim claim;
    claim.key_id = all.at("AccessKeyId");
    claim.signature = all.at("Signature");
    claim.text = request.method + "&%2F&" + percent_encoded(canonical(without));
    claim.expected = to_base64(hmac_sha1(key.secret + "&", claim.text));
    claim.date = all.at("Timestamp");
    claim.nonce = all.at("SignatureNonce");
    claim.version = all.at("Version");
    return claim;
}

std::optional<Refusal> refusal_of(const Claim& claim, const Key& key, std::int64_t now_ms) {
    if (claim.version != api_version) {
        return Refusal{400, "InvalidVersion", "Specified parameter Version is not valid."};
    }
    if (claim.key_id != key.id) {
        return Refusal{404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."};
    }
    const auto time_ms = parse_rfc3339(claim.date);
    if (!time_ms || claim.date.size() != 20) {
        return Refusal{400, "InvalidTimeStamp.Format",
                       "Specified time stamp or date value is not well formatted."};
    }
    if (std::llabs(*time_ms - now_ms) > longest_skew_ms) {
        return Refusal{400, "InvalidTimeStamp.Expired",
                       "Specified time stamp or date value is expired."};
    }
    if (!equal_in_constant_time(claim.signature, claim.expected)) {
        return Refusal{400, "SignatureDoesNotMatch",
                       "Specified signature is not matched with our calculation. server string to "
                       "sign is:" +
                           claim.text};
    }
    return std::nullopt;
}

bool is_form(const ServiceRequest& request) {
    return to_lower(request.header("content-type"))
        .starts_with("application/x-www-form-urlencoded");
}

}  // namespace

std::variant<Admitted, Refusal> Gateway::admit(const ServiceRequest& request, const Key& key,
                                               std::int64_t now_ms) {
    Parameters query;
    if (!add_pairs(query, request.query)) {
        return Refusal{400, "InvalidParameter", "The query cannot be read."};
    }
    Parameters all = query;
    if (is_form(request) && !add_pairs(all, request.body)) {
        return Refusal{400, "InvalidParameter", "The form cannot be read."};
    }
    const bool is_v3 = request.header("authorization").starts_with(scheme);
    const auto claim = is_v3 ? v3_claim(request, query, key) : rpc_claim(request, all, key);
    if (const auto* refusal = std::get_if<Refusal>(&claim)) return *refusal;
    const Claim& read = std::get<Claim>(claim);
    if (auto refusal = refusal_of(read, key, now_ms)) return *refusal;
    // Last, so that a forged request cannot use up somebody's nonce.
    if (read.nonce.empty() || !nonces_.use(read.nonce, now_ms)) {
        return Refusal{400, "SignatureNonceUsed", "Specified signature nonce was used already."};
    }
    Admitted admitted;
    admitted.action = is_v3 ? std::string(request.header("x-acs-action")) : value_in(all, "Action");
    admitted.parameters = std::move(all);
    admitted.signature = is_v3 ? "v3" : "rpc";
    return admitted;
}

}  // namespace hongyan::universe::aliyun
