// DKIM signatures (RFC 6376, RFC 8463): relaxed/relaxed, rsa-sha256 and ed25519-sha256. Signs the
// headers that show who wrote what to whom and how it is to be read, each once more than it occurs,
// so that none can be added on the way. Keys are parsed once; sign() is const and safe from every
// thread. Also the canonical forms by themselves, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/signing.hpp"
#include "channel/mail/mail_settings.hpp"

namespace hongyan::mail {

/// The body in relaxed form: buffer is filled and returned only if the body is not so already.
/// Lines must end in CRLF.
[[nodiscard]] std::string_view relaxed_body(std::string_view body, std::string& buffer);

/// Appends "name:value" in relaxed form, without CRLF; field is one header field with its folds,
/// with or without its last CRLF.
void append_relaxed_header(std::string& out, std::string_view field);

/// What all signatures of one mail share.
struct SignedParts {
    std::string names;      ///< the tag h=, unfolded
    std::string canonical;  ///< the named headers in relaxed form, each closed by CRLF
    std::string body_hash;  ///< the tag bh=
};
/// head: header fields, each closed by CRLF, without the empty line; body: what is behind it.
[[nodiscard]] SignedParts signed_parts(std::string_view head, std::string_view body);

class DkimSigner {
  public:
    /// Errors: config_invalid: a key file that cannot be read, no key, a weak one or another kind.
    [[nodiscard]] static Result<DkimSigner> make(const DkimSettings& settings);
    /// True if the domain signs for mails from that domain (equal, or above it: DMARC's relaxed
    /// alignment).
    [[nodiscard]] bool aligned(std::string_view from_domain) const;
    /// Appends the header DKIM-Signature.
    void append_signature(std::string& out, const SignedParts& parts, std::int64_t now_ms) const;

  private:
    DkimSigner(std::string domain, std::string selector, SigningKey key)
        : domain_(std::move(domain)), selector_(std::move(selector)), key_(std::move(key)) {}

    std::string domain_;
    std::string selector_;
    SigningKey key_;
};

}  // namespace hongyan::mail
