// The one table of settings: name, type, default, bounds and a sentence for each. The loader, the
// documentation and the sample file all come from it. To add a setting: one row here and one member
// in settings.hpp. Constant data, safe from every thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace hongyan::config {

enum class Type {
    boolean,
    integer,
    number,
    string,
    duration,  ///< an integer in the unit that is the last word of the name
    secret,    ///< a string that is never shown, and never taken from a flag
};

/// When a changed value takes effect.
enum class Change { restart, live };

using Value = std::variant<bool, std::int64_t, double, std::string>;

struct Setting {
    std::string_view name;  ///< dotted, e.g. "email.smtp_url"
    Type type = Type::string;
    std::string_view default_text;
    double min = 0;  ///< inclusive; numbers only
    double max = 0;
    std::string_view allowed;  ///< "auto|required|off"; empty = any text
    /// What is right, if the text is wrong; "" if it is fine. Null = any text.
    std::string (*check)(std::string_view text) = nullptr;
    std::string_view sentence;
    Change change = Change::restart;
};

/// All settings, in the order of the documentation.
[[nodiscard]] std::span<const Setting> setting_table();
/// The setting of that name, or null.
[[nodiscard]] const Setting* find_setting(std::string_view name);
/// The name a reader most likely meant by a mistyped one, or "".
[[nodiscard]] std::string nearest_setting(std::string_view name);
/// "HONGYAN_EMAIL_SMTP_URL" for "email.smtp_url".
[[nodiscard]] std::string variable_of(std::string_view name);
/// The last word of a duration's name: "ms", "seconds", "hours", "days".
[[nodiscard]] std::string_view unit_of(const Setting& setting);

/// What is right for this setting, e.g. "a whole number of seconds from 1 to 600".
[[nodiscard]] std::string requirement(const Setting& setting);
/// Reads text as environment, flags and the table's defaults give it; nothing if it is not of the
/// setting's type.
[[nodiscard]] std::optional<Value> parse_value(const Setting& setting, std::string_view text);
/// "" if the value keeps to the setting's bounds, else what would be right.
[[nodiscard]] std::string check_value(const Setting& setting, const Value& value);
/// The value as text; secrets as "******" (empty ones as "").
[[nodiscard]] std::string show_value(const Setting& setting, const Value& value);

/// Rules between settings, e.g. that a username needs a password. Paths are setting names.
[[nodiscard]] std::vector<Problem> check_together(const Settings& settings);

/// The parts of smtp://host:port or smtps://host:port; port 0 = the scheme's own.
struct SmtpAddress {
    bool implicit_tls = false;
    std::string host;
    std::uint16_t port = 0;
};
[[nodiscard]] std::optional<SmtpAddress> parse_smtp_url(std::string_view url);
/// The parts of HOST:PORT or [IPv6]:PORT; port 0 = any free one.
struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;
};
[[nodiscard]] std::optional<ListenAddress> parse_listen(std::string_view text);

}  // namespace hongyan::config
