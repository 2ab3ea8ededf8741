// TokenSource: the access token of an account for XOAUTH2: given by the operator, or exchanged for
// a refresh token (RFC 6749 section 6) and kept until shortly before it expires. However many
// connections want it, one exchange is under way at a time. Used by the account's loop thread only;
// the answer of the exchange is carried there.
#pragma once

#include "channel/mail/smtp_asio.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "channel/mail/settings.hpp"
#include "contract/outbound.hpp"

namespace hongyan::mail {

// shared: an exchange under way may outlive the account.
class TokenSource : public std::enable_shared_from_this<TokenSource> {
  public:
    using Use = UniqueFunction<void(Result<std::string>)>;

    /// The references must outlive it.
    TokenSource(const SmtpSettings& settings, Outbound& outbound, const Clock& clock,
                boost::asio::io_context& loop);

    /// True if the account has a token at all.
    [[nodiscard]] bool exists() const { return !fixed_.empty() || !refresh_token_.empty(); }
    /// Calls use with the token, at once or later. Errors: config_invalid (the exchange was
    /// refused), outbound_failed (it could not be made; worth another try).
    void get(Use use);
    /// The mail server does not take this token. True if get() can bring another one.
    [[nodiscard]] bool refused(const std::string& token);

  private:
    void ask();
    void answered(const OutboundReply& reply);
    [[nodiscard]] std::string form() const;

    // fixed after construction
    const std::string fixed_;
    const std::string url_;
    const std::string client_id_;
    const std::string client_secret_;
    const std::string refresh_token_;
    const std::string scope_;
    const std::string ca_file_;
    Outbound& outbound_;
    const Clock& clock_;
    boost::asio::io_context& loop_;

    std::string token_;
    std::int64_t good_until_us_ = 0;
    bool asking_ = false;
    std::vector<Use> waiting_;
};

}  // namespace hongyan::mail
