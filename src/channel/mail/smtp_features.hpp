// What a mail server offers in its answer to EHLO. Plain data; pure functions, safe from every
// thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace hongyan::mail {

struct Features {
    bool pipelining = false;
    bool chunking = false;
    bool eightbit = false;
    bool smtputf8 = false;
    bool starttls = false;
    bool notices = false;  ///< DSN (RFC 3461)
    bool size = false;
    std::uint64_t max_size = 0;  ///< 0 = no fixed limit
    bool auth_plain = false;
    bool auth_login = false;
    bool auth_cram_md5 = false;
    bool auth_xoauth2 = false;
};

/// Reads the reply's text, lines parted by LF, the first one (the greeting) skipped. What is not
/// understood is passed over.
[[nodiscard]] Features read_features(std::string_view text);

}  // namespace hongyan::mail
