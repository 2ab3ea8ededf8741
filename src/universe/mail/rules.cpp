#include "universe/mail/rules.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace hongyan::universe::mail {
namespace {

std::uint64_t number_of(const World& world, std::string_view name) {
    const auto value = parse_int(world.setting(service_name, name));
    return value && *value > 0 ? static_cast<std::uint64_t>(*value) : 0;
}

bool is_on(const World& world, std::string_view name) {
    const std::string value = to_lower(world.setting(service_name, name));
    return value == "yes" || value == "true" || value == "1" || value == "on";
}

TlsOffer tls_of(const std::string& word) {
    if (word == "required") return TlsOffer::required;
    if (word == "implicit") return TlsOffer::implicit;
    if (word == "off") return TlsOffer::off;
    return TlsOffer::starttls;
}

std::vector<std::pair<std::string, std::string>> users_of(const std::string& text) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const std::string& each : split(text, ' ')) {
        const auto colon = each.find(':');
        if (colon == each.npos || colon == 0) continue;
        out.emplace_back(each.substr(0, colon), each.substr(colon + 1));
    }
    return out;
}

}  // namespace

std::vector<ServiceSetting> setting_list() {
    return {
        {"host", "mx.sandbox.example", "The name it greets with."},
        {"users", "sandbox:sandbox-password",
         "Who may log in: name:password, several parted by spaces; empty: nobody."},
        {"oauth_token", "sandbox-oauth-token", "The access token that XOAUTH2 wants."},
        {"auth_required", "no", "yes: no mail without a login."},
        {"tls", "starttls",
         "starttls: offered; required: no mail without; implicit: from the first byte; off."},
        {"pipelining", "yes", "Offers PIPELINING."},
        {"chunking", "no", "Offers CHUNKING (BDAT)."},
        {"smtputf8", "yes", "Offers SMTPUTF8."},
        {"strict_8bit", "no", "yes: refuses bytes above 127 in mails not declared as 8BITMIME."},
        {"max_size", "26214400", "Largest mail in bytes; 0: no bound."},
        {"max_recipients", "100", "Recipients of one mail."},
        {"max_mails", "0", "Mails on one connection, after that 421; 0: no bound."},
        {"greylist_tries", "0",
         "How often a sender and recipient are put off with 450 4.7.1 before they are let in."},
        {"callback_url", "",
         "Where bounces and complaints are posted as message/rfc822; empty: nowhere. Recipients "
         "with \"bounce\" bounce (\"bounce-soft\" and \"bounce-delay\" mildly), with \"complain\" "
         "complain."},
        {"callback_key", "", "Sent with them as bearer token."},
    };
}

Rules read_rules(const World& world) {
    Rules rules;
    rules.host = world.setting(service_name, "host");
    rules.users = users_of(world.setting(service_name, "users"));
    rules.oauth_token = world.setting(service_name, "oauth_token");
    rules.auth_required = is_on(world, "auth_required");
    rules.tls = tls_of(to_lower(world.setting(service_name, "tls")));
    if (world.certificate_file().empty()) rules.tls = TlsOffer::off;
    rules.pipelining = is_on(world, "pipelining");
    rules.chunking = is_on(world, "chunking");
    rules.smtputf8 = is_on(world, "smtputf8");
    rules.strict_8bit = is_on(world, "strict_8bit");
    rules.max_size = number_of(world, "max_size");
    rules.max_recipients = std::max<std::uint64_t>(number_of(world, "max_recipients"), 1);
    rules.max_mails = number_of(world, "max_mails");
    rules.greylist_tries = number_of(world, "greylist_tries");
    return rules;
}

}  // namespace hongyan::universe::mail
