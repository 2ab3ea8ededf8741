// URLs taken apart without changing a byte of them, and forms as browsers and Twilio send them.
// Pure functions, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hongyan::twilio {

/// The parts put together again are the URL.
struct UrlParts {
    std::string scheme;  ///< "https://"
    std::string host;
    std::string port;   ///< ":443" or ""
    std::string path;   ///< "/a/b" or ""
    std::string query;  ///< "?c=d" or ""

    [[nodiscard]] bool operator==(const UrlParts&) const = default;
};
[[nodiscard]] std::optional<UrlParts> split_url(std::string_view url);
[[nodiscard]] std::string join(const UrlParts& parts);

using Form = std::vector<std::pair<std::string, std::string>>;
/// "a=1&b=%E4%BD%A0"
[[nodiscard]] std::string write_form(const Form& form);
/// '+' is a space. Nothing if an escape is broken or there are more than 1000 fields.
[[nodiscard]] std::optional<Form> read_form(std::string_view text);
/// The first value of that name, or "".
[[nodiscard]] std::string_view value_in(const Form& form, std::string_view name);

}  // namespace hongyan::twilio
