// Structured log: one line per event, `time level event key=value ...` in logfmt or JSON, to
// stderr. Values are escaped, so that nothing a client sends can forge a line. The sink is built
// once by app/ and passed by reference; safe from every thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>

namespace hongyan {

enum class LogLevel { debug, info, warn, error };

/// One key=value pair; numbers are written as numbers. Never pass secrets or recipients in clear:
/// use mask_recipient().
struct LogField {
    LogField(std::string_view k, std::string_view v) : key(k), text(v) {}
    LogField(std::string_view k, const char* v) : key(k), text(v) {}
    LogField(std::string_view k, std::int64_t v)
        : key(k), text(std::to_string(v)), is_number(true) {}
    LogField(std::string_view k, int v) : LogField(k, static_cast<std::int64_t>(v)) {}
    LogField(std::string_view k, std::size_t v) : LogField(k, static_cast<std::int64_t>(v)) {}
    std::string_view key;
    std::string text;
    bool is_number = false;
};

class Log {
  public:
    enum class Format { logfmt, json };
    explicit Log(LogLevel level = LogLevel::info, Format format = Format::logfmt, int fd = 2);

    void debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::debug, event, fields);
    }
    void info(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::info, event, fields);
    }
    void warn(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::warn, event, fields);
    }
    void error(std::string_view event, std::initializer_list<LogField> fields = {}) {
        write(LogLevel::error, event, fields);
    }
    void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

  private:
    const LogLevel level_;
    const Format format_;
    const int fd_;
};

/// A recipient as logs may show it: "138****5678", "f**@example.com".
[[nodiscard]] std::string mask_recipient(std::string_view recipient);

}  // namespace hongyan
