// The messages that the simulated account has made, and how each shows itself as JSON and as the
// fields of a status callback. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hongyan::universe::twilio {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct TwilioMessage {
    std::string sid;
    std::string account_sid;
    std::string to;
    std::string from;
    std::string messaging_service_sid;
    std::string body;
    std::string status = "queued";
    int error_code = 0;
    int media = 0;
    std::string status_callback;
    std::int64_t created_ms = 0;
    std::int64_t updated_ms = 0;
};

/// As GET and POST of the resource answer it.
[[nodiscard]] std::string json_of(const TwilioMessage& message);
/// What a status callback posts.
[[nodiscard]] Fields callback_fields(const TwilioMessage& message);
/// How many parts the text has: 160/153 characters of ASCII, 70/67 units of UTF-16.
[[nodiscard]] std::size_t segments_of(std::string_view text);

class Messages {
  public:
    void add(TwilioMessage message);
    [[nodiscard]] std::optional<TwilioMessage> find(std::string_view sid);
    /// Newest first; to and from are "" or must be equal.
    [[nodiscard]] std::vector<TwilioMessage> list(std::string_view to, std::string_view from,
                                                  std::size_t limit);
    /// Moves a message on; what it is then.
    std::optional<TwilioMessage> update(const std::string& sid, const std::string& status,
                                        int error_code, std::int64_t now_ms);

  private:
    std::mutex mutex_;
    std::deque<TwilioMessage> messages_;
};

}  // namespace hongyan::universe::twilio
