// Rules: what the simulated mail server demands and allows, read from the universe's settings.
// Plain data; read anew for each connection, so that a change holds from the next one on.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "universe/core/service.hpp"

namespace hongyan::universe::mail {

inline constexpr std::string_view service_name = "smtp";

enum class TlsOffer : std::uint8_t { starttls, required, implicit, off };

struct Rules {
    std::string host;
    std::vector<std::pair<std::string, std::string>> users;  ///< name and password
    std::string oauth_token;
    bool auth_required = false;
    TlsOffer tls = TlsOffer::starttls;
    bool pipelining = true;
    bool chunking = false;
    bool smtputf8 = true;
    bool strict_8bit = false;
    std::uint64_t max_size = 0;
    std::size_t max_recipients = 100;
    std::size_t max_mails = 0;  ///< of one connection; 0 = no bound
    std::size_t greylist_tries = 0;
};

[[nodiscard]] std::vector<ServiceSetting> setting_list();
[[nodiscard]] Rules read_rules(const World& world);

}  // namespace hongyan::universe::mail
