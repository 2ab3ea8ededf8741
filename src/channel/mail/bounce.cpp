#include "channel/mail/bounce.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "channel/mail/address.hpp"
#include "channel/mail/bounce_text.hpp"
#include "channel/mail/mime_reader.hpp"
#include "channel/mail/reference.hpp"
#include "channel/mail/report_reader.hpp"
#include "channel/mail/returned_mail.hpp"

namespace hongyan::mail {
namespace {

constexpr std::size_t max_detail = 500;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::string_view hard_bounce = "hard bounce";

/// A remote server's words as a sentence that may be shown: one line of UTF-8.
std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, max_detail)) {
        const bool control = (c >= 0 && c < 0x20) || c == 0x7F;
        if (!control) {
            out += c;
        } else if (!out.ends_with(' ')) {
            out += ' ';
        }
    }
    if (is_utf8(out)) return out;
    while (!out.empty() && (out.back() & 0x80) != 0 && !is_utf8(out)) out.pop_back();
    if (is_utf8(out)) return out;
    std::replace_if(
        out.begin(), out.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    return out;
}

/// An address as a report gave it, if it is one.
std::string good_address(std::string_view text) {
    auto box = parse_mailbox(text);
    return box ? std::move(box->address) : std::string();
}

class BounceReader {
  public:
    BounceReader(const ReturnedMail& mail, const BounceKeys& keys, std::int64_t now_ms)
        : mail_(mail), keys_(keys), now_ms_(now_ms) {}

    std::vector<Receipt> run() {
        if (auto receipt = unsubscribe_mail()) return {std::move(*receipt)};
        if (!mail_.feedback().empty()) return complaint();
        if (!mail_.status().empty()) return delivery_report();
        return text_bounce();
    }

  private:
    std::int64_t when(std::int64_t at_ms) const {
        if (at_ms == 0) at_ms = parse_mail_date(mail_.fields().get("date")).value_or(0);
        const bool sound = at_ms > now_ms_ - 30 * day_ms && at_ms <= now_ms_ + day_ms;
        return sound ? std::min(at_ms, now_ms_) : 0;
    }

    std::optional<Receipt> unsubscribe_mail() const {
        if (keys_.unsubscribe_key.empty()) return std::nullopt;
        const auto id = find_reference(mail_.arrival().append(mail_.fields().get("subject")),
                                       keys_.unsubscribe_key, Purpose::unsubscribe);
        if (!id) return std::nullopt;
        Receipt receipt;
        receipt.message_id = *id;
        receipt.status = MessageStatus::success;
        receipt.code = "unsubscribe";
        receipt.detail = "the recipient unsubscribed by mail";
        receipt.suppress = "unsubscribed";
        receipt.at_ms = when(0);
        return receipt;
    }

    std::vector<Receipt> complaint() const {
        const FeedbackReport report = read_feedback_report(mail_.feedback());
        // not-spam is the opposite, and auth-failure is no person's word.
        const bool complains = report.type == "abuse" || report.type == "fraud" ||
                               report.type == "virus" || report.type == "other" ||
                               report.type == "miscategorized" ||
                               report.type.starts_with("opt-out");
        const auto id = mail_.message(keys_, report.mail_from);
        if (!complains || !id) return {};
        Receipt receipt;
        receipt.message_id = *id;
        receipt.status = MessageStatus::success;
        receipt.code = report.type;
        receipt.detail = "the recipient reported the mail: " + shown(report.type);
        receipt.suppress = "complaint";
        receipt.recipient = good_address(report.recipient);
        receipt.at_ms = when(report.at_ms);
        return {std::move(receipt)};
    }

    std::vector<Receipt> delivery_report() const {
        const DeliveryReport report = read_delivery_status(mail_.status());
        const auto id = mail_.message(keys_, report.envelope_id);
        if (!id) return {};
        std::vector<Receipt> receipts;
        for (const RecipientReport& one : report.recipients) {
            receipts.push_back(receipt_of(one, *id));
        }
        if (receipts.empty()) return text_bounce();
        return receipts;
    }

    Receipt receipt_of(const RecipientReport& one, MessageId id) const;
    std::vector<Receipt> text_bounce() const;

    const ReturnedMail& mail_;
    const BounceKeys& keys_;
    std::int64_t now_ms_;
};

/// True if the code says that this address will not take mail another day either. A full mailbox, a
/// mail too large, content, reputation and trouble on the way are not the address's fault.
bool blames_address(std::string_view status) {
    if (!status.starts_with("5.") && !(status.size() == 3 && status.front() == '5')) return false;
    if (!status.starts_with("5.")) return status != "552" && status != "554";
    if (status == "5.1.7" || status == "5.1.8" || status == "5.1.9") return false;  // the sender
    if (status == "5.7.13" || status == "5.7.17") return true;  // account disabled, new owner
    if (status == "5.4.6" || status == "5.4.7") return false;   // loop, expired
    const std::string_view subject = status.substr(2, 2);
    if (subject == "2.") return status == "5.2.0" || status == "5.2.1";
    return subject == "0." || subject == "1." || subject == "4.";
}

Receipt BounceReader::receipt_of(const RecipientReport& one, MessageId id) const {
    Receipt receipt;
    receipt.message_id = id;
    receipt.recipient = good_address(one.recipient);
    receipt.code = one.status;
    // Many servers say only x.0.0 for themselves and quote the true one.
    if (receipt.code.empty() || receipt.code.ends_with(".0.0")) {
        const std::string quoted = find_status(one.diagnostic);
        if (!quoted.empty()) receipt.code = quoted;
    }
    receipt.detail = shown(one.diagnostic.empty() ? one.action + " " + one.status : one.diagnostic);
    receipt.at_ms = when(one.at_ms);
    const bool permanent = receipt.code.starts_with('5');
    if (one.action == "delivered") {
        receipt.status = MessageStatus::delivered;
    } else if (one.action == "failed" || (one.action.empty() && permanent)) {
        receipt.status = MessageStatus::failed;
        if (blames_address(receipt.code)) receipt.suppress = hard_bounce;
    } else {
        receipt.status = MessageStatus::success;  // delayed, relayed, expanded: not the last word
    }
    return receipt;
}

std::vector<Receipt> BounceReader::text_bounce() const {
    const MailFields& fields = mail_.fields();
    const std::string failed_recipient(fields.get("x-failed-recipients"));
    // An absence note also comes to the return path (RFC 3834), and quotes what it likes.
    const bool answer =
        to_lower(fields.get("auto-submitted")).find("auto-replied") != std::string::npos &&
        failed_recipient.empty() && !mail_.from_daemon();
    if (answer) return {};
    // The subject of a bounce is its server's word; other mails' are not believed.
    std::string said = mail_.text();
    if (mail_.from_daemon()) said = std::string(fields.get("subject")).append("\n").append(said);
    TextBounce bounce = read_bounce_text(said);
    const auto id = mail_.message(keys_, "");
    if (!id || bounce.word == BounceWord::none) return {};
    const bool proven = mail_.came_to_return_path(keys_);
    if (!proven && !mail_.from_daemon()) return {};
    Receipt receipt;
    receipt.message_id = *id;
    receipt.code = bounce.code.empty() ? "bounce" : bounce.code;
    receipt.detail = shown(bounce.detail);
    receipt.recipient =
        good_address(failed_recipient.empty() ? bounce.recipient : failed_recipient);
    receipt.at_ms = when(0);
    const bool delayed = bounce.word == BounceWord::delayed;
    receipt.status = delayed ? MessageStatus::success : MessageStatus::failed;
    const bool address = bounce.code.empty() || blames_address(bounce.code);
    if (bounce.word == BounceWord::hard && address) receipt.suppress = hard_bounce;
    return {std::move(receipt)};
}

}  // namespace

BounceKeys bounce_keys(const MailSettings& settings) {
    BounceKeys keys;
    keys.verp_prefix = settings.verp.prefix;
    keys.verp_domain = settings.verp.domain;
    keys.verp_key = settings.verp.hmac_key;
    keys.unsubscribe_key = settings.unsubscribe.hmac_key;
    keys.accept_unsigned = settings.accept_unsigned;
    keys.message_id_domain = settings.message_id_domain;
    if (keys.message_id_domain.empty()) {
        if (auto from = parse_mailbox(settings.from)) keys.message_id_domain = from->domain;
    }
    return keys;
}

Result<std::vector<Receipt>> read_bounce(std::string_view mail, const BounceKeys& keys,
                                         std::int64_t now_ms) {
    if (mail.size() > max_bounce_bytes) {
        return make_error(ErrorCode::bad_request, "the mail is larger than 10 MiB");
    }
    const auto returned = ReturnedMail::read(mail);
    if (!returned) return returned.error();
    return BounceReader(*returned, keys, now_ms).run();
}

Result<Receipt> read_unsubscribe(std::string_view token, const BounceKeys& keys) {
    auto content = open_token(keys.unsubscribe_key, token);
    if (!content) return std::move(content.error());
    Receipt receipt;
    receipt.message_id = content->id;
    receipt.status = MessageStatus::success;
    receipt.code = "unsubscribe";
    receipt.detail = "the recipient unsubscribed with one click";
    receipt.suppress = "unsubscribed";
    receipt.recipient = std::move(content->recipient);
    return receipt;
}

}  // namespace hongyan::mail
