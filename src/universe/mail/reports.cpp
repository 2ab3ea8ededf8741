#include "universe/mail/reports.hpp"

#include <array>
#include <ctime>

namespace hongyan::universe::mail {
namespace {

struct BounceText {
    std::string_view action;
    std::string_view status;
    std::string_view diagnostic;
    std::string_view subject;
};

BounceText text_of(BounceKind kind) {
    switch (kind) {
        case BounceKind::soft:
            return {"failed", "4.2.2", "452 4.2.2 Mailbox full, giving up",
                    "Undelivered Mail Returned to Sender"};
        case BounceKind::delay:
            return {"delayed", "4.4.1", "451 4.4.1 Connection timed out",
                    "Delayed Mail (still being retried)"};
        default:
            return {"failed", "5.1.1", "550 5.1.1 User unknown",
                    "Undelivered Mail Returned to Sender"};
    }
}

std::string header_of(std::string_view mail) {
    const auto end = mail.find("\r\n\r\n");
    return std::string(mail.substr(0, end == mail.npos ? mail.size() : end + 2));
}

std::string report_header(const ReportFacts& facts, std::string_view from, std::string_view subject,
                          std::string_view type, const std::string& boundary) {
    std::string out = "Return-Path: <>\r\nDate: " + mail_date(facts.at_ms);
    out.append("\r\nFrom: ").append(from).append("@").append(facts.host);
    out.append("\r\nTo: ").append(facts.sender);
    out.append("\r\nSubject: ").append(subject);
    out.append("\r\nMessage-ID: <").append(facts.queue_id).append(".report@").append(facts.host);
    out.append(">\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n");
    out.append("Content-Type: multipart/report; report-type=").append(type);
    out.append(";\r\n\tboundary=\"").append(boundary).append("\"\r\n\r\n");
    out.append("This is a MIME-encapsulated message.\r\n");
    return out;
}

std::string part(const std::string& boundary, std::string_view type, std::string_view body) {
    std::string out = "\r\n--" + boundary + "\r\nContent-Type: ";
    return out.append(type).append("\r\n\r\n").append(body);
}

}  // namespace

std::string mail_date(std::int64_t at_ms) {
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = at_ms / 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    std::array<char, 64> out{};
    std::snprintf(out.data(), out.size(), "%s, %02d %s %04d %02d:%02d:%02d +0000",
                  days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                  months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                  utc.tm_min, utc.tm_sec);
    return out.data();
}

std::string bounce_mail(const ReportFacts& facts, BounceKind kind) {
    const BounceText text = text_of(kind);
    const std::string boundary = facts.queue_id + ".report/" + facts.host;
    std::string status = "Reporting-MTA: dns; " + facts.host + "\r\n";
    if (!facts.envelope_id.empty()) {
        status += "Original-Envelope-Id: " + facts.envelope_id + "\r\n";
    }
    status += "X-Sandbox-Queue-ID: " + facts.queue_id +
              "\r\nArrival-Date: " + mail_date(facts.at_ms) + "\r\n\r\nFinal-Recipient: rfc822; " +
              facts.recipient + "\r\nOriginal-Recipient: rfc822;" + facts.recipient + "\r\n";
    status.append("Action: ").append(text.action).append("\r\nStatus: ").append(text.status);
    status.append("\r\nRemote-MTA: dns; mx.sandbox.example\r\nDiagnostic-Code: smtp; ");
    status.append(text.diagnostic).append("\r\n");
    std::string words = "This is the mail system at host " + facts.host +
                        ".\r\n\r\nYour message to <" + facts.recipient + "> ";
    words += kind == BounceKind::delay ? "could not be delivered yet.\r\n"
                                       : "could not be delivered.\r\n";
    words.append("\r\n<").append(facts.recipient).append(">: ").append(text.diagnostic);
    words.append("\r\n");
    std::string out =
        report_header(facts, "MAILER-DAEMON", text.subject, "delivery-status", boundary);
    out += part(boundary, "text/plain; charset=us-ascii", words);
    out += part(boundary, "message/delivery-status", status);
    out += part(boundary, "text/rfc822-headers", header_of(facts.original));
    return out + "\r\n--" + boundary + "--\r\n";
}

std::string complaint_mail(const ReportFacts& facts) {
    const std::string boundary = facts.queue_id + ".feedback/" + facts.host;
    const std::string words = "This is an email abuse report for a message received on " +
                              mail_date(facts.at_ms) + ".\r\n";
    const std::string fields =
        "Feedback-Type: abuse\r\nUser-Agent: Hongyan-Sandbox/1.0\r\nVersion: 1\r\n"
        "Original-Mail-From: <" +
        facts.sender + ">\r\nOriginal-Rcpt-To: <" + facts.recipient +
        ">\r\nArrival-Date: " + mail_date(facts.at_ms) + "\r\nReporting-MTA: dns; " + facts.host +
        "\r\nSource-IP: 127.0.0.1\r\n";
    std::string out = report_header(facts, "fbl", "Complaint", "feedback-report", boundary);
    out += part(boundary, "text/plain; charset=us-ascii", words);
    out += part(boundary, "message/feedback-report", fields);
    out += part(boundary, "message/rfc822", facts.original);
    return out + "\r\n--" + boundary + "--\r\n";
}

}  // namespace hongyan::universe::mail
