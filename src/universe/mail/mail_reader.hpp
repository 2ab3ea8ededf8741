// Reads a mail as its receiver's program would show it, with GMime: decoded header fields, text,
// HTML and the names of attachments. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hongyan::universe::mail {

struct Attachment {
    std::string name;
    std::string type;  ///< "image/png"
    std::size_t bytes = 0;
    bool is_inline = false;
    std::string content_id;
};

struct ReadMail {
    std::string from;
    std::string to;
    std::string subject;
    std::string message_id;  ///< without brackets
    std::string list_unsubscribe;
    std::string text;
    std::string html;
    std::vector<Attachment> attachments;
    bool is_signed = false;  ///< has a DKIM-Signature; not checked here
};

[[nodiscard]] ReadMail read_mail(std::string_view raw);

}  // namespace hongyan::universe::mail
