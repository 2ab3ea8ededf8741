#include "channel/mail/compose.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "channel/mail/address.hpp"
#include "channel/mail/body_text.hpp"
#include "channel/mail/dkim.hpp"
#include "channel/mail/header_text.hpp"
#include "channel/mail/mail_options.hpp"
#include "channel/mail/mime_body.hpp"
#include "channel/mail/reference.hpp"

namespace hongyan::mail {
namespace {

/// Ids and URLs in a custom header stay whole up to this; a line may have 998 bytes.
constexpr std::size_t max_header_word = 900;

Error refuse(std::string detail) {
    return make_error(ErrorCode::content_invalid, std::move(detail));
}

Error too_large(std::size_t max_bytes) {
    return refuse("the mail is larger than " + std::to_string(max_bytes) + " bytes");
}

/// A mailbox of the settings: its error is the operator's to mend.
Result<std::optional<Mailbox>> setting_mailbox(std::string_view name, const std::string& text) {
    if (text.empty()) return std::optional<Mailbox>();
    auto box = parse_mailbox(text);
    if (box) return std::optional<Mailbox>(std::move(*box));
    Error error =
        make_error(ErrorCode::config_invalid, std::string(name) + ": " + box.error().detail);
    error.problems.push_back({"$." + std::string(name), "format", box.error().detail});
    return error;
}

std::string replaced(std::string text, std::string_view token) {
    constexpr std::string_view mark = "{token}";
    for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + token.size())) {
        text.replace(at, mark.size(), token);
    }
    return text;
}

bool allows(const std::string& pattern, std::string_view domain) {
    const std::string_view text = pattern;
    if (!text.starts_with("*.")) return equals_ignoring_case(text, domain);
    return domain.size() >= text.size() &&
           equals_ignoring_case(domain.substr(domain.size() - text.size() + 1), text.substr(1));
}

/// What check_mail() saw, once more: compose() must be safe by itself.
Status check_again(const Message& message, const MailOptions& options) {
    if (has_control(message.subject) || !is_utf8(message.subject)) {
        return refuse("the subject must be one line of UTF-8 without control characters");
    }
    if (!is_utf8(message.content) || !is_utf8(message.html)) {
        return refuse("text and HTML must be UTF-8");
    }
    for (const auto& [name, value] : options.headers) {
        if (auto wrong = wrong_header_name(name)) return refuse(*wrong);
        if (auto wrong = wrong_header_value(value)) return refuse(*wrong);
    }
    for (const Attachment& a : options.attachments) {
        for (const Wrong& wrong : {wrong_filename(a.filename), wrong_content_type(a.content_type),
                                   wrong_content_id(a.content_id)}) {
            if (wrong) return refuse(*wrong);
        }
    }
    if (auto wrong = wrong_unsubscribe_uri(options.list_unsubscribe)) return refuse(*wrong);
    return Done{};
}

struct Unsubscribe {
    std::string url;
    std::string mailto;
};

void append_unsubscribe(std::string& out, const Unsubscribe& where, bool one_click) {
    if (where.url.empty() && where.mailto.empty()) return;
    out += "List-Unsubscribe: ";
    if (!where.url.empty()) out.append("<").append(where.url).append(">");
    if (!where.url.empty() && !where.mailto.empty()) out += ",\r\n ";
    if (!where.mailto.empty()) out.append("<").append(where.mailto).append(">");
    out += "\r\n";
    // RFC 8058: only with an https URI.
    if (!one_click || !where.url.starts_with("https://")) return;
    append_raw_header(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
}

/// Bytes that the finished mail will have at least, to refuse it before it is built.
std::size_t least_size(const Message& message, const MailOptions& options) {
    std::size_t size = message.content.size() + message.html.size();
    for (const Attachment& a : options.attachments) size += a.content_base64.size();
    return size;
}

}  // namespace

struct Composer::Parts {
    MailSettings settings;
    Mailbox from;
    std::optional<Mailbox> reply_to;
    Mailbox return_path;
    std::string id_domain;
    std::vector<DkimSigner> signers;

    [[nodiscard]] Result<Mailbox> sender(const MailOptions& options) const;
    [[nodiscard]] Envelope envelope(const std::string& reference, const Mailbox& to) const;
    [[nodiscard]] Unsubscribe unsubscribe(const Message& message, const MailOptions& options,
                                          const Mailbox& to) const;
    void sign(std::string& data, std::size_t body_start, const Mailbox& sender,
              std::int64_t now_ms) const;
};

Result<Mailbox> Composer::Parts::sender(const MailOptions& options) const {
    if (options.from.empty()) return from;
    auto box = parse_mailbox(options.from);
    if (!box) return refuse("$.options.smtp.from: " + box.error().detail);
    const auto& more = settings.from_domains;
    const bool allowed = box->domain == from.domain ||
                         std::any_of(more.begin(), more.end(),
                                     [&](const auto& p) { return allows(p, box->domain); });
    if (allowed) return box;
    return refuse("this account does not send from the domain " + box->domain);
}

Envelope Composer::Parts::envelope(const std::string& reference, const Mailbox& to) const {
    Envelope envelope;
    envelope.mail_from = return_path.address;
    envelope.smtputf8 = to.international || return_path.international;
    if (settings.verp.enabled) {
        envelope.mail_from =
            settings.verp.prefix + "+" + reference + "@" + to_lower(settings.verp.domain);
        envelope.smtputf8 = to.international;
    }
    envelope.rcpt_to = to.address;
    return envelope;
}

Unsubscribe Composer::Parts::unsubscribe(const Message& message, const MailOptions& options,
                                         const Mailbox& to) const {
    Unsubscribe where;
    const auto& wanted = options.list_unsubscribe;
    const UnsubscribeSettings& own = settings.unsubscribe;
    if (wanted == "none") return where;
    if (!wanted.empty()) {
        (wanted.starts_with("mailto:") ? where.mailto : where.url) = wanted;
        return where;
    }
    if (!own.url.empty()) {
        where.url = replaced(own.url, seal_token(own.hmac_key, {message.id, to.address}));
    }
    if (own.mailto.find("{token}") != std::string::npos) {
        where.mailto =
            replaced(own.mailto, signed_reference(own.hmac_key, Purpose::unsubscribe, message.id));
    } else {
        where.mailto = own.mailto;
    }
    return where;
}

void Composer::Parts::sign(std::string& data, std::size_t body_start, const Mailbox& sender,
                           std::int64_t now_ms) const {
    if (signers.empty()) return;
    const std::string_view all = data;
    const SignedParts parts = signed_parts(all.substr(0, body_start - 2), all.substr(body_start));
    // Keys of the sender's own domain count for DMARC; others sign only if there is none of these.
    const bool any_aligned = std::any_of(signers.begin(), signers.end(), [&](const auto& signer) {
        return signer.aligned(sender.domain);
    });
    std::string signatures;
    for (const DkimSigner& signer : signers) {
        if (any_aligned && !signer.aligned(sender.domain)) continue;
        signer.append_signature(signatures, parts, now_ms);
    }
    data.insert(0, signatures);
}

Result<Composer> Composer::make(const MailSettings& settings) {
    auto parts = std::make_shared<Parts>();
    parts->settings = settings;
    if (auto problems = key_problems(settings); !problems.empty()) {
        Error error = make_error(ErrorCode::config_invalid, problems.front().detail);
        error.problems = std::move(problems);
        return error;
    }
    auto from = setting_mailbox("from", settings.from);
    if (!from) return std::move(from.error());
    if (!*from) return make_error(ErrorCode::config_invalid, "from: a sender is needed");
    auto reply_to = setting_mailbox("reply_to", settings.reply_to);
    if (!reply_to) return std::move(reply_to.error());
    auto return_path = setting_mailbox("return_path", settings.return_path);
    if (!return_path) return std::move(return_path.error());
    parts->from = std::move(**from);
    parts->reply_to = std::move(*reply_to);
    parts->return_path = *return_path ? std::move(**return_path) : parts->from;
    parts->id_domain = settings.message_id_domain.empty() ? parts->from.domain
                                                          : to_lower(settings.message_id_domain);
    for (std::size_t i = 0; i < settings.dkim.size(); ++i) {
        auto signer = DkimSigner::make(settings.dkim[i]);
        if (!signer) {
            Error error = std::move(signer.error());
            error.problems.push_back(
                {"$.dkim[" + std::to_string(i) + "]", "invalid", error.detail});
            return error;
        }
        parts->signers.push_back(std::move(*signer));
    }
    return Composer(std::move(parts));
}

/// What a message turned out to ask for, read and allowed.
struct Composer::Ready {
    MailOptions options;
    Mailbox sender;
    Mailbox to;
    std::optional<Mailbox> reply_to;
    std::string reference;  ///< "" without a key for it
};

Result<Composer::Ready> Composer::ready(const Message& message) const {
    Ready ready;
    auto options = read_mail_options(message.options);
    if (!options) return refuse("the smtp options are not valid: " + options.error().detail);
    if (auto status = check_again(message, *options); !status) return std::move(status.error());
    auto to = parse_mailbox(message.recipient);
    if (!to) return std::move(to.error());
    auto sender = parts_->sender(*options);
    if (!sender) return std::move(sender.error());
    ready.reply_to = parts_->reply_to;
    if (!options->reply_to.empty()) {
        auto box = parse_mailbox(options->reply_to);
        if (!box) return refuse("$.options.smtp.reply_to: " + box.error().detail);
        ready.reply_to = std::move(*box);
    }
    const std::string& key = parts_->settings.verp.hmac_key;
    if (!key.empty()) ready.reference = signed_reference(key, Purpose::bounce, message.id);
    ready.options = std::move(*options);
    ready.to = std::move(*to);
    ready.sender = std::move(*sender);
    return ready;
}

void Composer::append_head(Mail& mail, const Message& message, const Ready& ready,
                           std::int64_t now_ms) const {
    const MailSettings& settings = parts_->settings;
    std::string& data = mail.data;
    append_mailbox_header(data, "From", ready.sender);
    append_mailbox_header(data, "To", ready.to);
    append_text_header(data, "Subject", message.subject);
    const std::int64_t ready_ms = message.ready_ms();
    append_date_header(data, ready_ms > 0 ? std::min(ready_ms, now_ms) : now_ms);
    append_raw_header(data, "Message-ID", "<" + mail.message_id + ">");
    if (ready.reply_to) append_mailbox_header(data, "Reply-To", *ready.reply_to);
    append_unsubscribe(data, parts_->unsubscribe(message, ready.options, ready.to),
                       settings.unsubscribe.one_click);
    if (settings.auto_submitted) append_raw_header(data, "Auto-Submitted", "auto-generated");
    if (!ready.reference.empty()) append_raw_header(data, "X-Hongyan-Ref", ready.reference);
    for (const auto& [name, value] : ready.options.headers) {
        append_text_header(data, name, value, max_header_word);
    }
    append_raw_header(data, "MIME-Version", "1.0");
}

Result<Mail> Composer::compose(const Message& message, std::int64_t now_ms) const {
    const auto max_bytes = static_cast<std::size_t>(parts_->settings.max_bytes);
    const auto ready = this->ready(message);
    if (!ready) return ready.error();
    const std::size_t least = least_size(message, ready->options);
    if (least > max_bytes) return too_large(max_bytes);
    Mail mail;
    mail.envelope = parts_->envelope(ready->reference, ready->to);
    mail.message_id = trace_id_of(message.id) + "@" + parts_->id_domain;
    mail.data.reserve(2048 + least * 5 / 4);
    append_head(mail, message, *ready, now_ms);
    const std::string boundary = std::to_string(message.id);
    const std::size_t body_start =
        append_body(mail.data, {.text = message.content,
                                .html = message.html,
                                .attachments = &ready->options.attachments,
                                .boundary = boundary,
                                .allow_eight_bit = parts_->settings.eight_bit});
    const bool international =
        ready->sender.international || (ready->reply_to && ready->reply_to->international);
    mail.envelope.smtputf8 = mail.envelope.smtputf8 || international;
    mail.envelope.eightbit = !is_ascii(std::string_view(mail.data).substr(body_start));
    parts_->sign(mail.data, body_start, ready->sender, now_ms);
    if (mail.data.size() > max_bytes) return too_large(max_bytes);
    return mail;
}

}  // namespace hongyan::mail
