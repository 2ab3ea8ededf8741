// MailSettings: the part of a mail account's settings that decides what a mail looks like: sender,
// DKIM keys, VERP, List-Unsubscribe, limits. The transport's settings embed it as member "mail" and
// put the keys in, which they keep beside it. Plain data, described once: the JSON Schema and the
// checks follow from describe().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shape/shape.hpp"

namespace hongyan::mail {

/// One DKIM key (RFC 6376, 8463).
struct DkimSettings {
    std::string domain;
    std::string selector;
    std::string algorithm = "rsa";  ///< rsa or ed25519
    std::string private_key;        ///< secret: PEM text
    std::string private_key_file;   ///< or the file that holds it
};

/// A return path for each message, so that a bounce names the message whatever its form.
struct VerpSettings {
    bool enabled = false;
    std::string domain;             ///< receives the bounces
    std::string prefix = "bounce";  ///< prefix+ID-MAC@domain
    std::string hmac_key;           ///< secret: signs the return paths
};

/// List-Unsubscribe (RFC 2369) and one-click (RFC 8058).
struct UnsubscribeSettings {
    std::string url;        ///< template with {token}
    bool one_click = true;  ///< with an https url: List-Unsubscribe-Post
    std::string mailto;     ///< template of an address, {token} allowed
    std::string hmac_key;   ///< secret: seals the token
};

struct MailSettings {
    std::string from;                       ///< "Name <a@example.com>"
    std::string reply_to;                   ///< "" = none
    std::string return_path;                ///< envelope sender without VERP; "" = from's address
    std::string message_id_domain;          ///< "" = from's domain
    std::vector<std::string> from_domains;  ///< more domains a message may choose as sender
    std::int64_t max_bytes = 25 * 1024 * 1024;  ///< of the finished mail
    bool eight_bit = false;                     ///< may use 8BITMIME bodies
    bool auto_submitted = true;                 ///< "Auto-Submitted: auto-generated" (RFC 3834)
    bool accept_unsigned = true;                ///< bounces that name a message by Message-ID alone
    std::vector<DkimSettings> dkim;
    VerpSettings verp;
    UnsubscribeSettings unsubscribe;
};

const shape::Object& describe(shape::Tag<DkimSettings>);
const shape::Object& describe(shape::Tag<VerpSettings>);
const shape::Object& describe(shape::Tag<UnsubscribeSettings>);
const shape::Object& describe(shape::Tag<MailSettings>);

/// Problems of the keys, once they are in their places (the account keeps them as verp_key and
/// unsubscribe_key, and these are the paths): missing where they are needed, or too short.
[[nodiscard]] std::vector<Problem> key_problems(const MailSettings& settings);

}  // namespace hongyan::mail
