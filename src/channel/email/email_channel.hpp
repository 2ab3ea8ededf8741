// E-mail by SMTP. The channel keeps a few connections to one mail server, all served by one thread
// of its own: libcurl opens them (name look-up, TLS or STARTTLS, EHLO, AUTH), the SMTP transactions
// themselves are spoken here, so that it is always known whether the server can have taken a mail.
// app/ builds it with make_email_channel() and uses it through the Channel promise; the settings
// have the names and meaning of the [email] table of the configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "contract/channel.hpp"

namespace hongyan::email {

struct EmailOptions {
    std::string smtp_url;      ///< smtp://HOST[:587] or smtps://HOST[:465]
    std::string tls = "auto";  ///< auto, required or off; with a login, auto means required
    std::string username;      ///< "" = no login
    std::string password;
    std::string from;     ///< "Name <address>"; also the envelope's sender
    std::string helo;     ///< "" = this machine's name
    std::string ca_file;  ///< "" = the system's certificates
    std::int64_t connections = 8;
    std::int64_t timeout_seconds = 60;  ///< for opening a connection, and for one mail
    std::int64_t messages_per_connection = 100;
};

/// Builds the channel, without touching the network. config_invalid names the bad option in its
/// problems ("email.from"). clock and log must outlive the channel.
[[nodiscard]] Result<std::unique_ptr<Channel>> make_email_channel(EmailOptions options,
                                                                  const Clock& clock, Log& log);

}  // namespace hongyan::email
