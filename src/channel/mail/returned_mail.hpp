// What a mail that came in says before anybody asks what it means: its parts sorted by their
// purpose, the message of ours that it is about, and whether a mail server wrote it. Used by
// read_bounce(). Holds no references to the mail; constant after construction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "channel/mail/bounce.hpp"
#include "channel/mail/mime_reader.hpp"

namespace hongyan::mail {

class ReturnedMail {
  public:
    /// Errors: bad_request, see read_mail().
    [[nodiscard]] static Result<ReturnedMail> read(std::string_view mail);

    [[nodiscard]] const MailFields& fields() const { return fields_; }
    /// What a person would read, decoded.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// message/delivery-status, "" if there is none.
    [[nodiscard]] const std::string& status() const { return status_; }
    /// message/feedback-report, "" if there is none.
    [[nodiscard]] const std::string& feedback() const { return feedback_; }

    /// The message that the report is about. more is what else may hold its reference. Nothing too
    /// if a return path in our form is not signed by us.
    [[nodiscard]] std::optional<MessageId> message(const BounceKeys& keys,
                                                   std::string_view more) const;
    /// True if it came to a return path that we signed.
    [[nodiscard]] bool came_to_return_path(const BounceKeys& keys) const;
    /// True if it calls itself the work of a mail server.
    [[nodiscard]] bool from_daemon() const;
    /// The values of the fields that say to whom it came, one a line.
    [[nodiscard]] std::string arrival() const;

  private:
    ReturnedMail() = default;
    [[nodiscard]] std::optional<MessageId> unsigned_message(std::string_view domain) const;

    MailFields fields_;
    std::string text_;
    std::string status_;
    std::string feedback_;
    std::string original_;  ///< the returned mail or its header
};

}  // namespace hongyan::mail
