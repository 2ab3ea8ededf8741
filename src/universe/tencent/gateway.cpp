#include "universe/tencent/gateway.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::universe::tencent {
namespace {

constexpr std::string_view scheme = "TC3-HMAC-SHA256";
constexpr std::string_view api_version = "2021-01-11";
constexpr std::int64_t longest_skew_seconds = 300;

/// The Authorization field taken apart.
struct Claim {
    std::string key_id;
    std::string date;
    std::string service;
    std::string terminator;
    std::string signed_names;
    std::string signature;
};

Refusal wrong_signature(std::string message) {
    return {"AuthFailure.SignatureFailure", std::move(message)};
}

std::string part_of(std::string_view field, std::string_view name) {
    for (const std::string& part : split(field, ',')) {
        const std::string_view text = trim(part);
        if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) {
            return std::string(text.substr(name.size() + 1));
        }
    }
    return "";
}

std::optional<Claim> read_claim(std::string_view field) {
    if (!field.starts_with(scheme)) return std::nullopt;
    field.remove_prefix(scheme.size());
    const auto credential = split(part_of(field, "Credential"), '/');
    if (credential.size() != 4) return std::nullopt;
    return Claim{credential[0],
                 credential[1],
                 credential[2],
                 credential[3],
                 part_of(field, "SignedHeaders"),
                 part_of(field, "Signature")};
}

std::string host_of(const ServiceRequest& request) {
    const std::string_view host = request.header("host");
    return to_lower(host.empty() ? std::string_view(request.authority) : host);
}

std::string canonical_request(const ServiceRequest& request, const std::string& signed_names,
                              const std::string& host) {
    std::string text = request.method + "\n/\n" + request.query + "\n";
    for (const std::string& name : split(signed_names, ';')) {
        const std::string value = name == "host" ? host : to_lower(trim(request.header(name)));
        text += name + ":" + value + "\n";
    }
    return text + "\n" + signed_names + "\n" + to_hex(sha256(request.body));
}

std::string expected_signature(const Claim& claim, const Key& key, std::string_view timestamp,
                               const std::string& canonical) {
    const std::string text = std::string(scheme) + "\n" + std::string(timestamp) + "\n" +
                             claim.date + "/" + claim.service + "/tc3_request\n" +
                             to_hex(sha256(canonical));
    const std::string day_key = hmac_sha256("TC3" + key.secret, claim.date);
    const std::string signing_key = hmac_sha256(hmac_sha256(day_key, claim.service), "tc3_request");
    return to_hex(hmac_sha256(signing_key, text));
}

/// The vendor's own clients sign the host without its port, which at the vendor is never given.
bool signature_fits(const ServiceRequest& request, const Claim& claim, const Key& key) {
    const std::string host = host_of(request);
    const std::string bare = host.substr(0, host.rfind(':'));
    const auto fits = [&](const std::string& name) {
        const std::string canonical = canonical_request(request, claim.signed_names, name);
        const std::string expected =
            expected_signature(claim, key, request.header("x-tc-timestamp"), canonical);
        return equal_in_constant_time(expected, claim.signature);
    };
    return fits(host) || fits(bare);
}

std::optional<Refusal> bad_scope(const Claim& claim, std::int64_t timestamp) {
    const auto names = split(claim.signed_names, ';');
    const auto is_signed = [&](std::string_view name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (!is_signed("content-type") || !is_signed("host")) {
        return wrong_signature("content-type and host must be signed.");
    }
    if (claim.date != format_day(timestamp * 1000)) {
        return wrong_signature("The date of Credential is not the day of X-TC-Timestamp.");
    }
    if (claim.service != "sms" || claim.terminator != "tc3_request") {
        return wrong_signature("Credential must name sms/tc3_request.");
    }
    return std::nullopt;
}

std::optional<Refusal> missing_field(const ServiceRequest& request) {
    for (const std::string_view name :
         {"x-tc-action", "x-tc-version", "x-tc-timestamp", "authorization"}) {
        if (request.header(name).empty()) {
            return Refusal{"MissingParameter",
                           "The request is missing the header " + std::string(name) + "."};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Refusal> refusal_of(const ServiceRequest& request, const Key& key,
                                  std::int64_t now_ms) {
    if (auto refusal = missing_field(request)) return refusal;
    const auto claim = read_claim(request.header("authorization"));
    const auto timestamp = parse_int(request.header("x-tc-timestamp"));
    if (!claim || !timestamp || *timestamp < 0 || *timestamp > 4'000'000'000) {
        return wrong_signature("Authorization or X-TC-Timestamp cannot be read.");
    }
    if (std::llabs(*timestamp - now_ms / 1000) > longest_skew_seconds) {
        return Refusal{"AuthFailure.SignatureExpire",
                       "The signature has expired: X-TC-Timestamp is more than 5 minutes off."};
    }
    if (auto refusal = bad_scope(*claim, *timestamp)) return refusal;
    if (claim->key_id != key.id) {
        return Refusal{"AuthFailure.SecretIdNotFound", "The SecretId is not found."};
    }
    if (!signature_fits(request, *claim, key)) {
        return wrong_signature("The provided credentials could not be validated.");
    }
    if (request.header("x-tc-version") != api_version) {
        return Refusal{"NoSuchVersion", "The version of the interface does not exist."};
    }
    if (request.header("x-tc-region").empty()) {
        return Refusal{"MissingParameter", "The request is missing the header x-tc-region."};
    }
    return std::nullopt;
}

}  // namespace hongyan::universe::tencent
