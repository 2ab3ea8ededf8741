// MailOptions: the "smtp" section of a message's options: what only a mail has. Described once; the
// schema, the reading and every check of a single field follow from describe(). Plain data.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "shape/shape.hpp"

namespace hongyan::mail {

inline constexpr std::size_t max_attachments = 50;
inline constexpr std::size_t max_headers = 50;

struct Attachment {
    std::string filename;
    std::string content_type = "application/octet-stream";
    std::string content_base64;
    std::string content_id;  ///< an inline image: <img src="cid:..."> in the HTML
};

struct MailOptions {
    std::string from;      ///< another sender, of a domain that the account allows
    std::string reply_to;  ///< instead of the account's
    std::map<std::string, std::string> headers;
    std::vector<Attachment> attachments;
    std::string list_unsubscribe;  ///< a URI instead of the account's; "none" leaves it out
};

const shape::Object& describe(shape::Tag<Attachment>);
const shape::Object& describe(shape::Tag<MailOptions>);

/// The section "smtp" of a message's options; defaults if there is none. Errors: invalid_fields or
/// invalid_json, with paths below "$.options.smtp".
[[nodiscard]] Result<MailOptions> read_mail_options(std::string_view options);

/// Each nothing if good, else what is wrong; used by describe() and once more by the composer, so
/// that no way around the check leads to a forged header.
using Wrong = std::optional<std::string>;
[[nodiscard]] Wrong wrong_header_name(std::string_view name);
[[nodiscard]] Wrong wrong_header_value(std::string_view value);
[[nodiscard]] Wrong wrong_filename(std::string_view name);
[[nodiscard]] Wrong wrong_content_type(std::string_view type);
[[nodiscard]] Wrong wrong_content_id(std::string_view id);
[[nodiscard]] Wrong wrong_unsubscribe_uri(std::string_view uri);
[[nodiscard]] Wrong wrong_mailbox(std::string_view text);

}  // namespace hongyan::mail
