#include "universe/fcm/token_server.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::universe::fcm {
namespace {

constexpr std::size_t max_tokens = 10'000;

std::string decoded(std::string_view text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
            digit(text[i + 2]) >= 0) {
            out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
            i += 2;
        } else {
            out.push_back(text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

std::string form_value(std::string_view body, std::string_view name) {
    for (const auto& pair : split(body, '&')) {
        const auto equals = pair.find('=');
        if (equals != pair.npos && decoded(pair.substr(0, equals)) == name)
            return decoded(std::string_view(pair).substr(equals + 1));
    }
    return {};
}

boost::json::object part_of(std::string_view encoded) {
    const auto text = from_base64(encoded);
    if (!text) return {};
    boost::system::error_code failed;
    auto value = boost::json::parse(*text, failed);
    if (failed || !value.is_object()) return {};
    return std::move(value.get_object());
}

std::string text_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::int64_t number_of(const boost::json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

/// "" or what is wrong with the assertion.
std::string wrong_with(const Client& client, std::string_view assertion, std::int64_t now) {
    const auto parts = split(assertion, '.');
    if (parts.size() != 3) return "Invalid JWT: three parts expected.";
    const auto header = part_of(parts[0]);
    const auto claims = part_of(parts[1]);
    const auto signature = from_base64(parts[2]);
    if (text_of(header, "alg") != "RS256" || !signature) return "Invalid JWT Signature.";
    const auto signed_part = assertion.substr(0, assertion.rfind('.'));
    if (!verify_signature(SigningKey::Kind::rsa, client.public_key, signed_part, *signature))
        return "Invalid JWT Signature.";
    if (text_of(claims, "iss") != client.email) return "Invalid grant: account not found";
    const auto audience = text_of(claims, "aud");
    if (std::find(client.audiences.begin(), client.audiences.end(), audience) ==
        client.audiences.end())
        return "Invalid JWT: Failed audience check.";
    const auto scope = text_of(claims, "scope");
    if (scope.find("firebase.messaging") == scope.npos &&
        scope.find("cloud-platform") == scope.npos)
        return "invalid_scope";
    const auto issued = number_of(claims, "iat");
    const auto expires = number_of(claims, "exp");
    if (issued > now + 300 || expires <= now - 300 || expires > issued + 3600) {
        return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
               "timeframe. Check your iat and exp values in the JWT claim.";
    }
    return "";
}

}  // namespace

TokenServer::Answer TokenServer::grant(const Client& client, std::string_view body,
                                       std::int64_t now_ms) {
    if (form_value(body, "grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer")
        return {"unsupported_grant_type", "Invalid grant_type", ""};
    if (auto wrong = wrong_with(client, form_value(body, "assertion"), now_ms / 1000);
        !wrong.empty())
        return {"invalid_grant", std::move(wrong), ""};
    Answer answer;
    answer.access_token = "ya29." + to_base64url(random_bytes(48));
    auto tokens = tokens_.lock();
    std::erase_if(*tokens, [&](const auto& entry) { return entry.second < now_ms - 3'600'000; });
    if (tokens->size() >= max_tokens) tokens->clear();
    (*tokens)[answer.access_token] = now_ms + client.token_seconds * 1000;
    return answer;
}

bool TokenServer::valid(std::string_view access_token, std::int64_t now_ms) {
    auto tokens = tokens_.lock();
    const auto found = tokens->find(access_token);
    return found != tokens->end() && found->second > now_ms;
}

}  // namespace hongyan::universe::fcm
