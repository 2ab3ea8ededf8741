#include "universe/mail/post_office.hpp"

#include "base/text.hpp"
#include "universe/core/receipts.hpp"
#include "universe/mail/mail_reader.hpp"
#include "universe/mail/reports.hpp"

namespace hongyan::universe::mail {
namespace {

constexpr std::size_t most_greylisted = 100'000;

std::string attachments_json(const std::vector<Attachment>& attachments) {
    std::string out = "[";
    for (const Attachment& each : attachments) {
        if (out.size() > 1) out += ",";
        out += "{\"name\":" + json_quoted(each.name) + ",\"type\":" + json_quoted(each.type) +
               ",\"bytes\":" + std::to_string(each.bytes) +
               ",\"inline\":" + (each.is_inline ? "true" : "false") +
               ",\"content_id\":" + json_quoted(each.content_id) + "}";
    }
    return out + "]";
}

std::string flag(std::string_view name, bool value) {
    return ",\"" + std::string(name) + "\":" + (value ? "true" : "false");
}

std::string text_member(std::string_view name, std::string_view value) {
    return ",\"" + std::string(name) + "\":" + json_quoted(is_utf8(value) ? value : "?");
}

std::string detail_json(const TakenMail& mail, const ReadMail& read) {
    std::string out = "{\"envelope_from\":" + json_quoted(mail.sender);
    out += text_member("helo", mail.helo) + text_member("user", mail.user) +
           text_member("to", read.to) + text_member("message_id", read.message_id) +
           text_member("envelope_id", mail.envelope_id) +
           text_member("list_unsubscribe", read.list_unsubscribe) + flag("tls", mail.encrypted) +
           flag("eightbit", mail.eightbit) + flag("smtputf8", mail.smtputf8) +
           flag("chunked", mail.chunked) + flag("dkim", read.is_signed) +
           ",\"bytes\":" + std::to_string(mail.data.size());
    return out + ",\"attachments\":" + attachments_json(read.attachments) + "}";
}

bool holds(const std::string& recipient, std::string_view word) {
    return to_lower(recipient).find(word) != std::string::npos;
}

BounceKind kind_of(const std::string& recipient) {
    if (holds(recipient, "bounce-soft")) return BounceKind::soft;
    return holds(recipient, "bounce-delay") ? BounceKind::delay : BounceKind::hard;
}

/// The address with another signature, as somebody would write who guesses.
std::string forged(std::string address) {
    const auto at = address.rfind('@');
    if (at != address.npos && at > 0) {
        char& last = address[at - 1];
        last = last == 'x' ? 'y' : 'x';
    }
    return address;
}

}  // namespace

Fate PostOffice::fate(const std::string& recipient) { return world_.draw(service_name, recipient); }

std::string PostOffice::stamp() { return std::to_string(world_.next_number()); }

bool PostOffice::passes_greylist(const std::string& sender, const std::string& recipient) {
    const auto wanted = read_rules(world_).greylist_tries;
    auto tries = tries_.lock();
    if (tries->size() >= most_greylisted) tries->clear();
    return ++(*tries)[sender + " " + recipient] > wanted;
}

std::string PostOffice::take(TakenMail mail) {
    constexpr std::string_view letters = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    std::string queue_id;
    for (auto number = world_.next_number(); number > 0; number /= letters.size()) {
        queue_id += letters[number % letters.size()];
    }
    for (const std::string& recipient : mail.recipients) {
        note(mail, recipient, queue_id);
        report(mail, recipient, queue_id);
    }
    return queue_id;
}

void PostOffice::note(const TakenMail& mail, const std::string& recipient,
                      const std::string& queue_id) {
    ReadMail read = read_mail(mail.data);
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = ChannelKind::email;
    arrival.recipient = recipient;
    arrival.detail = detail_json(mail, read);
    arrival.sender = std::move(read.from);
    arrival.subject = std::move(read.subject);
    arrival.content = std::move(read.text);
    arrival.html = std::move(read.html);
    arrival.provider_message_id = queue_id;
    // The same in every try, so that a count can tell how often a mail came. Mail servers take no
    // notice of it: each copy is shown.
    arrival.token = std::move(read.message_id);
    arrival.raw = mail.data;
    world_.arrived(std::move(arrival));
}

void PostOffice::report(const TakenMail& mail, const std::string& recipient,
                        const std::string& queue_id) {
    const std::string url = world_.setting(service_name, "callback_url");
    if (url.empty() || mail.sender.empty()) return;
    const ReceiptFate fate = world_.draw_receipt(service_name, recipient);
    const bool complains = holds(recipient, "complain");
    if (!complains && !holds(recipient, "bounce") && !fate.fails) return;
    ReportFacts facts;
    facts.host = world_.setting(service_name, "host");
    facts.sender = mail.sender;
    facts.recipient = recipient;
    facts.queue_id = queue_id;
    facts.envelope_id = mail.envelope_id;
    facts.original = mail.data;
    const std::string key = world_.setting(service_name, "callback_key");
    send_receipt(world_, fate,
                 [facts = std::move(facts), url, key, complains,
                  &world = world_](const ReceiptForm& form) mutable {
                     OutboundRequest request;
                     request.url = url;
                     request.headers = {{"content-type", "message/rfc822"}};
                     if (!key.empty()) {
                         request.headers.emplace_back(
                             "authorization", "Bearer " + (form.forged ? "wrong-" + key : key));
                     }
                     facts.at_ms = world.clock().now_ms();
                     ReportFacts told = facts;
                     if (form.forged) {
                         told.sender = forged(told.sender);
                         told.original = "Subject: lost\r\n\r\n";
                     }
                     request.body = complains ? complaint_mail(told)
                                              : bounce_mail(told, kind_of(told.recipient));
                     return request;
                 });
}

}  // namespace hongyan::universe::mail
