// The MIME tree of a mail, written straight into the bytes under way: text alone, or text and HTML
// as alternatives, the HTML together with its inline images, and attachments around it all. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "channel/mail/mail_options.hpp"

namespace hongyan::mail {

struct BodyParts {
    std::string_view text;
    std::string_view html;  ///< "" = none; the text is made from it if there is no text
    const std::vector<Attachment>* attachments = nullptr;  ///< checked; never null
    std::string_view boundary;  ///< unique for the mail: letters and digits
    bool allow_eight_bit = false;
};

/// Appends the headers Content-Type and Content-Transfer-Encoding, the empty line and the body.
/// Returns where the body starts.
std::size_t append_body(std::string& out, const BodyParts& parts);

}  // namespace hongyan::mail
