#include "universe/mail/login.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::universe::mail {
namespace {

constexpr std::string_view refused = "535 5.7.8 Error: authentication credentials invalid\r\n";
constexpr std::string_view not_base64 = "501 5.5.2 Error: cannot decode the response\r\n";

std::string hmac_md5_hex(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    HMAC(EVP_md5(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
    return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

const std::string* LoginServer::password_of(std::string_view user) const {
    for (const auto& [name, password] : rules_.users) {
        if (name == user) return &password;
    }
    return nullptr;
}

std::string LoginServer::ask(std::string_view text) {
    open_ = true;
    return "334 " + to_base64(text) + "\r\n";
}

std::string LoginServer::decide(const std::string& user, bool fits) {
    open_ = false;
    if (!fits) return std::string(refused);
    user_ = user;
    return "235 2.7.0 Authentication successful\r\n";
}

std::string LoginServer::begin(std::string_view arguments, std::string_view stamp) {
    const auto space = arguments.find(' ');
    mechanism_ = to_lower(trim(arguments.substr(0, space)));
    has_user_ = failed_token_ = false;
    const bool initial = space != arguments.npos;
    if (mechanism_ == "cram-md5") {
        challenge_ = "<" + std::string(stamp) + "@" + rules_.host + ">";
        return ask(challenge_);
    }
    if (mechanism_ == "login" && !initial) return ask("Username:");
    if (mechanism_ == "plain" || mechanism_ == "login" || mechanism_ == "xoauth2") {
        if (!initial) return ask("");
        open_ = true;
        return next(trim(arguments.substr(space + 1)));
    }
    return "504 5.5.4 Unrecognized authentication type\r\n";
}

std::string LoginServer::next(std::string_view line) {
    if (failed_token_) return decide("", false);
    if (line == "*") {
        open_ = false;
        return "501 5.7.0 Authentication aborted\r\n";
    }
    const auto decoded = line == "=" ? std::optional<std::string>("") : from_base64(line);
    if (!decoded) {
        open_ = false;
        return std::string(not_base64);
    }
    if (mechanism_ == "plain") return on_plain(*decoded);
    if (mechanism_ == "login") return on_login(*decoded);
    if (mechanism_ == "cram-md5") return on_cram(*decoded);
    return on_xoauth2(*decoded);
}

std::string LoginServer::on_plain(const std::string& decoded) {
    const auto first = decoded.find('\0');
    const auto second = first == decoded.npos ? first : decoded.find('\0', first + 1);
    if (second == decoded.npos) return decide("", false);
    const std::string user = decoded.substr(first + 1, second - first - 1);
    const std::string* password = password_of(user);
    return decide(
        user, password != nullptr && equal_in_constant_time(*password, decoded.substr(second + 1)));
}

std::string LoginServer::on_login(const std::string& decoded) {
    if (!has_user_) {
        pending_user_ = decoded;
        has_user_ = true;
        return ask("Password:");
    }
    const std::string* password = password_of(pending_user_);
    return decide(pending_user_, password != nullptr && equal_in_constant_time(*password, decoded));
}

std::string LoginServer::on_cram(const std::string& decoded) {
    const auto space = decoded.rfind(' ');
    if (space == decoded.npos) return decide("", false);
    const std::string user = decoded.substr(0, space);
    const std::string* password = password_of(user);
    return decide(user, password != nullptr &&
                            hmac_md5_hex(*password, challenge_) == decoded.substr(space + 1));
}

std::string LoginServer::on_xoauth2(const std::string& decoded) {
    const std::string user_mark = "user=";
    const std::string token_mark =
        "\x01"
        "auth=Bearer ";
    const auto token_at = decoded.find(token_mark);
    const bool formed =
        decoded.starts_with(user_mark) && token_at != decoded.npos && decoded.ends_with("\x01\x01");
    if (formed) {
        const auto start = token_at + token_mark.size();
        const std::string token = decoded.substr(start, decoded.size() - 2 - start);
        const std::string user = decoded.substr(user_mark.size(), token_at - user_mark.size());
        if (password_of(user) != nullptr && equal_in_constant_time(token, rules_.oauth_token)) {
            return decide(user, true);
        }
    }
    failed_token_ = true;  // the error comes as a challenge, and the refusal after its answer
    return ask(R"({"status":"401","schemes":"bearer","scope":"https://mail.example/"})");
}

}  // namespace hongyan::universe::mail
