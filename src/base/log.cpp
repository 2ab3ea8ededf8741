#include "base/log.hpp"

#include <unistd.h>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace hongyan {
namespace {

constexpr std::string_view level_name(LogLevel level) {
    constexpr std::string_view names[] = {"debug", "info", "warn", "error"};
    return names[static_cast<std::size_t>(level)];
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    append_json_escaped(out, text);
    out += '"';
}

void append_logfmt_value(std::string& out, std::string_view text) {
    const bool plain =
        !text.empty() && text.find_first_of(" \"=\\") == text.npos &&
        text.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/@*+,%") ==
            text.npos;
    if (plain) {
        out += text;
    } else {
        append_quoted(out, text);
    }
}

}  // namespace

Log::Log(LogLevel level, Format format, int fd) : level_(level), format_(format), fd_(fd) {}

void Log::write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    if (level < level_) return;
    const std::string time = format_rfc3339(SystemClock().now_ms());
    std::string line;
    if (format_ == Format::json) {
        line = "{\"time\":\"" + time + "\",\"level\":\"" + std::string(level_name(level)) +
               "\",\"event\":";
        append_quoted(line, event);
        for (const auto& field : fields) {
            line += ',';
            append_quoted(line, field.key);
            line += ':';
            if (field.is_number)
                line += field.text;
            else
                append_quoted(line, field.text);
        }
        line += "}\n";
    } else {
        line = time + ' ' + std::string(level_name(level)) + ' ';
        append_logfmt_value(line, event);
        for (const auto& field : fields) {
            line += ' ';
            line += field.key;
            line += '=';
            append_logfmt_value(line, field.text);
        }
        line += '\n';
    }
    // One write per line keeps lines whole; a log that cannot be written must not stop delivery.
    [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

std::string mask_recipient(std::string_view recipient) {
    const auto at = recipient.find('@');
    if (at != recipient.npos && at > 0) {
        return std::string(recipient.substr(0, 1)) + "**" + std::string(recipient.substr(at));
    }
    if (recipient.size() <= 7)
        return std::string(recipient.substr(0, recipient.size() / 3)) + "****";
    return std::string(recipient.substr(0, 3)) + "****" +
           std::string(recipient.substr(recipient.size() - 4));
}

}  // namespace hongyan
