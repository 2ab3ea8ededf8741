#include "channel/mail/mail_options.hpp"

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "channel/mail/address.hpp"
#include "channel/mail/body_text.hpp"

namespace hongyan::mail {
namespace {

using shape::field;
using shape::object;

/// Headers that the composer writes, that only servers write, or that would add recipients.
constexpr std::string_view forbidden_headers[]{"from",
                                               "to",
                                               "cc",
                                               "bcc",
                                               "sender",
                                               "reply-to",
                                               "subject",
                                               "date",
                                               "message-id",
                                               "mime-version",
                                               "received",
                                               "received-spf",
                                               "return-path",
                                               "delivered-to",
                                               "envelope-to",
                                               "x-original-to",
                                               "dkim-signature",
                                               "domainkey-signature",
                                               "errors-to",
                                               "authentication-results",
                                               "auto-submitted",
                                               "list-unsubscribe",
                                               "apparently-to",
                                               "list-unsubscribe-post",
                                               "resent-from",
                                               "resent-to",
                                               "resent-cc",
                                               "resent-bcc",
                                               "resent-sender",
                                               "resent-date",
                                               "resent-reply-to",
                                               "resent-message-id",
                                               "return-receipt-to",
                                               "x-envelope-to",
                                               "x-envelope-from",
                                               "x-failed-recipients",
                                               "content-length"};
constexpr std::string_view forbidden_starts[]{"content-", "arc-", "x-hongyan-", "received-"};

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_token_char(char c) {
    return is_alnum(c) || std::string_view("!#$&^_.+-").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= 127 &&
           std::all_of(text.begin(), text.end(), is_token_char);
}

/// `name=token` or `name="safe text"`.
bool is_type_parameter(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == text.npos || !is_token(text.substr(0, equals))) return false;
    const std::string name = to_lower(text.substr(0, equals));
    if (name == "boundary" || name == "name") return false;  // the composer's own
    std::string_view value = text.substr(equals + 1);
    if (value.size() < 2 || value.front() != '"') return is_token(value);
    if (value.back() != '"') return false;
    value = value.substr(1, value.size() - 2);
    return std::all_of(value.begin(), value.end(), [](char c) {
        return c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != ';';
    });
}

/// RFC 3986 characters only: none of them can leave the angle brackets of a header.
bool is_uri_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_alnum(c) ||
               std::string_view("-._~:/?#[]@!$&'()*+;=%").find(c) != std::string_view::npos;
    });
}

std::optional<std::string> wrong_base64(std::string_view text) {
    if (base64_size(text)) return std::nullopt;
    return "must be base64 (RFC 4648)";
}

/// The one section of the options that is ours.
struct Sections {
    MailOptions smtp;
};
const shape::Object& describe(shape::Tag<Sections>) {
    static const shape::Object o =
        object<Sections>("MailSections", "Options by provider.",
                         field("smtp", &Sections::smtp, "What only a mail has."))
            .open();
    return o;
}

std::string moved_path(const std::string& path) {
    constexpr std::string_view old = "$.smtp";
    if (!path.starts_with(old))
        return "$.options" + path.substr(std::min<std::size_t>(1, path.size()));
    return "$.options.smtp" + path.substr(old.size());
}

}  // namespace

Wrong wrong_header_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= 64 && is_alnum(name.front()) &&
                      std::all_of(name.begin(), name.end(),
                                  [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
    if (!good) return "a header's name must be 1 to 64 letters, digits, '-' or '_'";
    const std::string lower = to_lower(name);
    const bool starts = std::any_of(
        std::begin(forbidden_starts), std::end(forbidden_starts),
        [&](std::string_view start) { return std::string_view(lower).starts_with(start); });
    const auto* const end = std::end(forbidden_headers);
    if (!starts && std::find(std::begin(forbidden_headers), end, lower) == end) return std::nullopt;
    return "the header " + std::string(name) + " is written by the mail system only";
}

Wrong wrong_header_value(std::string_view value) {
    if (value.size() > 900) return "a header's value must have at most 900 bytes";
    if (trim(value).empty()) return "a header's value must not be empty";
    if (!has_control(value) && is_utf8(value)) return std::nullopt;
    return "must be one line of UTF-8 without control characters";
}

Wrong wrong_filename(std::string_view name) {
    if (name.size() > 255) return "must have at most 255 bytes";
    if (has_control(name) || !is_utf8(name)) {
        return "must be one line of UTF-8 without control characters";
    }
    if (name.find_first_of("/\\") != name.npos) return "must be a name without a path";
    return std::nullopt;
}

Wrong wrong_content_type(std::string_view type) {
    constexpr const char* wrong =
        "must be like image/png, with parameters like ; charset=utf-8, and neither multipart "
        "nor message";
    if (type.size() > 255 || has_control(type)) return wrong;
    const std::string_view essence = trim(type.substr(0, type.find(';')));
    const auto slash = essence.find('/');
    if (slash == essence.npos || !is_token(essence.substr(0, slash)) ||
        !is_token(essence.substr(slash + 1))) {
        return wrong;
    }
    const std::string major = to_lower(essence.substr(0, slash));
    if (major == "multipart" || major == "message") return wrong;
    std::string_view rest = type;
    while (true) {
        const auto next = rest.find(';');
        if (next == rest.npos) return std::nullopt;
        rest.remove_prefix(next + 1);
        if (!is_type_parameter(trim(rest.substr(0, rest.find(';'))))) return wrong;
    }
}

Wrong wrong_content_id(std::string_view id) {
    const bool good = id.size() <= 200 && std::all_of(id.begin(), id.end(), [](char c) {
                          return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.@").find(c) !=
                                                    std::string_view::npos;
                      });
    if (good) return std::nullopt;
    return "must be at most 200 letters, digits or .@!#$%&'*+-/=?^_`{|}~, as in cid:ID";
}

Wrong wrong_unsubscribe_uri(std::string_view uri) {
    if (uri.empty() || uri == "none") return std::nullopt;
    const bool scheme =
        uri.starts_with("https://") || uri.starts_with("http://") || uri.starts_with("mailto:");
    if (scheme && uri.size() <= 900 && is_uri_text(uri)) return std::nullopt;
    return "must be an https:, http: or mailto: URI of at most 900 bytes, or none";
}

Wrong wrong_mailbox(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (text.size() > 320) return "must have at most 320 bytes";
    auto box = parse_mailbox(text);
    if (box) return std::nullopt;
    return std::move(box.error().detail);
}

const shape::Object& describe(shape::Tag<Attachment>) {
    static const shape::Object o =
        object<Attachment>(
            "MailAttachment", "A file that goes with the mail, or an image inside its HTML.",
            field("filename", &Attachment::filename, "Its name for the receiver, without a path.")
                .check(wrong_filename)
                .example("报表 2026.pdf"),
            field("content_type", &Attachment::content_type,
                  "Media type; neither multipart nor message.")
                .default_value("application/octet-stream")
                .check(wrong_content_type)
                .example("application/pdf"),
            field("content_base64", &Attachment::content_base64, "The bytes in base64 (RFC 4648).")
                .required()
                .check(wrong_base64)
                .example("aGVsbG8="),
            field("content_id", &Attachment::content_id,
                  "Makes it an inline image, shown by <img src=\"cid:ID\"> in the HTML.")
                .check(wrong_content_id)
                .example("logo@example.com"))
            .rule<Attachment>([](const Attachment& a, shape::Problems& problems) {
                if (!a.filename.empty() || !a.content_id.empty()) return;
                problems.add("filename", "required", "an attachment needs a filename");
            });
    return o;
}

const shape::Object& describe(shape::Tag<MailOptions>) {
    static const shape::Object o =
        object<MailOptions>(
            "MailOptions", "What only a mail has.",
            field("from", &MailOptions::from,
                  "Another sender; its domain must be the account's or one of from_domains.")
                .check(wrong_mailbox)
                .example("News <news@example.com>"),
            field("reply_to", &MailOptions::reply_to, "Where answers go instead of the account's.")
                .check(wrong_mailbox)
                .example("help@example.com"),
            field("headers", &MailOptions::headers,
                  "More headers, by name; not those that the mail system writes, nor any that adds "
                  "recipients.")
                .max_entries(max_headers)
                .check(wrong_header_value)
                .example_json(R"({"X-Campaign":"spring","Precedence":"bulk"})"),
            field("attachments", &MailOptions::attachments, "Files and inline images.")
                .items(0, max_attachments),
            field("list_unsubscribe", &MailOptions::list_unsubscribe,
                  "A URI instead of the account's, or none to leave the header out.")
                .check(wrong_unsubscribe_uri)
                .example("https://example.com/u/123"))
            .rule<MailOptions>([](const MailOptions& options, shape::Problems& problems) {
                for (const auto& [name, value] : options.headers) {
                    if (auto wrong = wrong_header_name(name)) {
                        problems.add("headers", "forbidden", std::move(*wrong));
                    }
                }
            });
    return o;
}

Result<MailOptions> read_mail_options(std::string_view options) {
    if (options.empty() || options == "{}") return MailOptions{};
    auto read = shape::read<Sections>(options);
    if (read) return std::move(read->smtp);
    Error error = std::move(read.error());
    for (Problem& problem : error.problems) problem.path = moved_path(problem.path);
    return error;
}

}  // namespace hongyan::mail
