// Replies of an SMTP server, read from whatever pieces the network gives. One reader per
// connection, used by one thread; lines of at most 4 KiB, replies of at most 1000 lines and 64 KiB.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hongyan::mail {

/// The place in the dialogue at which a reply came; it decides what a refusal is about.
enum class Stage : std::uint8_t {
    greeting,
    hello,
    tls,
    login,
    sender,     ///< MAIL FROM
    recipient,  ///< RCPT TO
    data,       ///< DATA, before the mail
    content,    ///< after the final dot, or the last chunk
    reset,
};

struct Reply {
    int code = 0;          ///< 200 to 599
    std::string enhanced;  ///< "5.1.1" (RFC 3463) or ""
    std::string text;      ///< without codes; lines joined by LF, controls and bad UTF-8 as '?'

    /// "550 5.1.1", or "550".
    [[nodiscard]] std::string code_text() const;
    /// Code and text on one line, at most 500 bytes, fit for a log or a person.
    [[nodiscard]] std::string line() const;
};

class ReplyReader {
  public:
    void feed(std::string_view bytes);
    /// The next whole reply, or nothing until more bytes come (or for ever, once broken).
    [[nodiscard]] std::optional<Reply> next();
    /// True once the bytes were not SMTP or went over the limits; the connection must go.
    [[nodiscard]] bool broken() const { return broken_; }
    /// True if bytes are left that no reply was made of.
    [[nodiscard]] bool has_rest() const { return start_ < buffer_.size() || partial_.code != 0; }

  private:
    [[nodiscard]] bool take_line(std::string_view line);

    std::string buffer_;
    std::size_t start_ = 0;  ///< of what is not yet read
    int lines_ = 0;          ///< of the reply under way
    Reply partial_;
    bool last_line_ = false;
    bool broken_ = false;
};

/// The queue id that common servers put into the text of their final 250, e.g. "queued as 4ABC";
/// "" if there is none.
[[nodiscard]] std::string queue_id_of(const Reply& reply);

}  // namespace hongyan::mail
