// Address: where a Redis is and how to enter it, read from one line of the configuration:
//     redis://[user:password@]host[:port][/database]      (rediss:// for TLS)
//     rediss://host?ca_file=/etc/ca.pem&server_name=redis.example
// User and password may be percent-encoded. Pure; an error names the part that is wrong and never
// repeats the password.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace hongyan::redis {

struct Address {
    std::string host;
    std::string port = "6379";
    std::string user;
    std::string password;
    int database = 0;
    bool tls = false;
    std::string ca_file;      ///< "" = the system's authorities
    std::string server_name;  ///< the name in the certificate; "" = host

    /// For the log: without user and password.
    [[nodiscard]] std::string shown() const;
};

[[nodiscard]] Result<Address> parse_address(std::string_view text);

}  // namespace hongyan::redis
