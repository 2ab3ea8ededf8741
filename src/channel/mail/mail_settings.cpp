#include "channel/mail/mail_settings.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "channel/mail/address.hpp"
#include "channel/mail/mail_options.hpp"

namespace hongyan::mail {
namespace {

using shape::field;
using shape::object;

constexpr std::size_t min_secret_bytes = 16;

Wrong wrong_domain(std::string_view text) {
    if (text.empty() || ascii_domain(text)) return std::nullopt;
    return "must be a host name such as mail.example.com";
}

Wrong wrong_from_domain(std::string_view text) {
    if (text.starts_with("*.")) text.remove_prefix(2);
    if (ascii_domain(text)) return std::nullopt;
    return "must be a host name such as example.com, or *.example.com for all below it";
}

bool is_name(std::string_view text, std::string_view more) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [more](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               more.find(c) != more.npos;
    });
}

Wrong wrong_selector(std::string_view text) {
    if (text.size() <= 200 && is_name(text, "-_.")) return std::nullopt;
    return "must be letters, digits, '-', '_' and '.', as in SELECTOR._domainkey.example.com";
}

Wrong wrong_prefix(std::string_view text) {
    const bool dots = text.starts_with('.') || text.ends_with('.') || text.find("..") != text.npos;
    if (text.size() <= 24 && is_name(text, "-_.") && !dots) return std::nullopt;
    return "must be 1 to 24 letters, digits, '-', '_' and '.'";
}

Wrong wrong_secret(std::string_view text) {
    if (text.empty() || text.size() >= min_secret_bytes) return std::nullopt;
    return "must have at least 16 bytes";
}

/// The text with "t" in place of each {token}, to be judged as an address or URI.
std::string filled(std::string_view text) {
    std::string out(text);
    for (auto at = out.find("{token}"); at != out.npos; at = out.find("{token}", at)) {
        out.replace(at, 7, "t");
    }
    return out;
}

Wrong wrong_url(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (!text.starts_with("http") || text.find("{token}") == text.npos) {
        return "must be a URL with {token} in it, such as https://example.com/u?t={token}";
    }
    return wrong_unsubscribe_uri(filled(text));
}

Wrong wrong_mailto(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (!text.starts_with("mailto:")) return "must be like mailto:u+{token}@example.com";
    return wrong_unsubscribe_uri(filled(text));
}

void check_dkim(const DkimSettings& dkim, shape::Problems& problems) {
    if (dkim.private_key.empty() == dkim.private_key_file.empty()) {
        problems.add("private_key", "required",
                     "either private_key or private_key_file must be given");
    }
}

void check_verp(const VerpSettings& verp, shape::Problems& problems) {
    if (!verp.enabled) return;
    if (verp.domain.empty()) problems.add("domain", "required", "VERP needs the bounces' domain");
}

}  // namespace

const shape::Object& describe(shape::Tag<DkimSettings>) {
    static const shape::Object o =
        object<DkimSettings>(
            "DkimSettings", "One DKIM key (RFC 6376, RFC 8463). With several, each signs.",
            field("domain", &DkimSettings::domain, "The signing domain, tag d=.")
                .required()
                .length(1, 253)
                .check(wrong_domain)
                .example("example.com"),
            field("selector", &DkimSettings::selector, "The name of the key in the DNS, tag s=.")
                .required()
                .check(wrong_selector)
                .example("s2026"),
            field("algorithm", &DkimSettings::algorithm, "The kind of the key.")
                .one_of({"rsa", "ed25519"})
                .default_value("rsa"),
            field("private_key", &DkimSettings::private_key, "The private key as PEM text; secret.")
                .length(0, 16'384),
            field("private_key_file", &DkimSettings::private_key_file,
                  "Or the path of the PEM file, read when the account is opened.")
                .length(0, 4096))
            .rule<DkimSettings>(check_dkim);
    return o;
}

const shape::Object& describe(shape::Tag<VerpSettings>) {
    static const shape::Object o =
        object<VerpSettings>(
            "VerpSettings",
            "A return path of its own for each message, PREFIX+ID-MAC@DOMAIN, so that a bounce "
            "names the message whatever its form.",
            field("enabled", &VerpSettings::enabled, "Use it.").default_value(false),
            field("domain", &VerpSettings::domain, "The domain that receives the bounces.")
                .check(wrong_domain)
                .example("bounces.example.com"),
            field("prefix", &VerpSettings::prefix, "How the return path starts.")
                .check(wrong_prefix)
                .default_value("bounce"),
            field("hmac_key", &VerpSettings::hmac_key,
                  "Signs the return path and the header X-Hongyan-Ref; secret, at least 16 bytes.")
                .check(wrong_secret))
            .rule<VerpSettings>(check_verp);
    return o;
}

const shape::Object& describe(shape::Tag<UnsubscribeSettings>) {
    static const shape::Object o = object<UnsubscribeSettings>(
        "UnsubscribeSettings", "The header List-Unsubscribe (RFC 2369, RFC 8058).",
        field("url", &UnsubscribeSettings::url,
              "A URL with {token}, which names message and recipient and cannot be read or "
              "forged.")
            .check(wrong_url)
            .example("https://example.com/api/callbacks/email/main?token={token}"),
        field("one_click", &UnsubscribeSettings::one_click,
              "With an https URL: also List-Unsubscribe-Post, so that mail programs "
              "unsubscribe with one POST.")
            .default_value(true),
        field("mailto", &UnsubscribeSettings::mailto,
              "A mailto: URI, in which {token} is replaced by a signed id that fits an "
              "address.")
            .check(wrong_mailto)
            .example("mailto:unsubscribe+{token}@example.com?subject=unsubscribe"),
        field("hmac_key", &UnsubscribeSettings::hmac_key,
              "Seals the tokens; secret, at least 16 bytes.")
            .check(wrong_secret));
    return o;
}

const shape::Object& describe(shape::Tag<MailSettings>) {
    static const shape::Object o = object<MailSettings>(
        "MailSettings", "What an account's mails look like.",
        field("from", &MailSettings::from, "The sender, with or without a name.")
            .required()
            .length(1, 320)
            .check(wrong_mailbox)
            .example("Hongyan <no-reply@example.com>"),
        field("reply_to", &MailSettings::reply_to, "Where answers go instead of the sender.")
            .check(wrong_mailbox),
        field("return_path", &MailSettings::return_path,
              "The envelope's sender without VERP; the sender's address if empty.")
            .check(wrong_mailbox),
        field("message_id_domain", &MailSettings::message_id_domain,
              "The right side of Message-ID; the sender's domain if empty.")
            .check(wrong_domain),
        field("from_domains", &MailSettings::from_domains,
              "Domains beside the sender's that a message may choose its own sender from.")
            .items(0, 100)
            .check(wrong_from_domain)
            .example_json(R"(["example.org","*.example.net"])"),
        field("max_bytes", &MailSettings::max_bytes, "The largest mail, as sent.")
            .between(1024, 150 * 1024 * 1024)
            .default_value(25 * 1024 * 1024),
        field("eight_bit", &MailSettings::eight_bit,
              "Text beyond ASCII goes as it is (8BITMIME). A relay on the way that cannot do that "
              "breaks the DKIM signature.")
            .default_value(false),
        field("auto_submitted", &MailSettings::auto_submitted,
              "Mark mails as made by a machine (RFC 3834), so that no absence note answers.")
            .default_value(true),
        field("accept_unsigned", &MailSettings::accept_unsigned,
              "Also believe bounces that name a message by its Message-ID alone, which whoever "
              "guesses an id could forge.")
            .default_value(true),
        field("dkim", &MailSettings::dkim, "Keys that sign each mail; see DkimSettings.")
            .items(0, 8),
        field("verp", &MailSettings::verp, "A return path for each message."),
        field("unsubscribe", &MailSettings::unsubscribe, "The header List-Unsubscribe."));
    return o;
}

std::vector<Problem> key_problems(const MailSettings& settings) {
    std::vector<Problem> problems;
    const auto check = [&problems](const char* path, const std::string& key, bool wanted,
                                   const char* why) {
        if (key.empty() && wanted) problems.push_back({path, "required", why});
        if (auto wrong = wrong_secret(key)) problems.push_back({path, "length", std::move(*wrong)});
    };
    const UnsubscribeSettings& unsubscribe = settings.unsubscribe;
    const bool has_token =
        (unsubscribe.url + unsubscribe.mailto).find("{token}") != std::string::npos;
    check("$.verp_key", settings.verp.hmac_key, settings.verp.enabled,
          "return paths (mail.verp) need a key that signs them");
    check("$.unsubscribe_key", unsubscribe.hmac_key, has_token,
          "{token} in mail.unsubscribe needs a key that seals it");
    return problems;
}

}  // namespace hongyan::mail
