// Composer: turns a message into the bytes of a mail and its envelope. It writes RFC 5322 headers
// (RFC 2047 and 2231 where they are not ASCII), text and HTML as alternatives, inline images and
// attachments, List-Unsubscribe, the VERP return path and DKIM signatures. Everything that could
// forge a header or an SMTP command is refused here again, byte by byte, whatever check_mail() saw.
// Made once for an account, with keys parsed; compose() is const, pure and safe from every thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "channel/mail/mail_settings.hpp"
#include "model/message.hpp"

namespace hongyan::mail {

/// What the SMTP dialogue needs to know; addresses without brackets, free of controls and spaces.
struct Envelope {
    std::string mail_from;  ///< "" is the null sender <>
    std::string rcpt_to;
    bool smtputf8 = false;  ///< an address has a local part beyond ASCII: SMTPUTF8 must be offered
    bool eightbit = false;  ///< the data has bytes beyond ASCII: BODY=8BITMIME must be offered
};

struct Mail {
    Envelope envelope;
    std::string data;        ///< CRLF lines, not dot-stuffed, ends with CRLF
    std::string message_id;  ///< without brackets; the same at every attempt
};

class Composer {
  public:
    /// Errors: config_invalid, with problems below "$" of the settings; names the key file that
    /// cannot be read, never key material.
    [[nodiscard]] static Result<Composer> make(const MailSettings& settings);
    /// Errors: recipient_invalid, content_invalid (which end the message as message_permanent).
    [[nodiscard]] Result<Mail> compose(const Message& message, std::int64_t now_ms) const;

  private:
    struct Parts;
    struct Ready;
    [[nodiscard]] Result<Ready> ready(const Message& message) const;
    void append_head(Mail& mail, const Message& message, const Ready& ready,
                     std::int64_t now_ms) const;
    explicit Composer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
    std::shared_ptr<const Parts> parts_;  ///< shared: constant, and copied into each connection
};

}  // namespace hongyan::mail
