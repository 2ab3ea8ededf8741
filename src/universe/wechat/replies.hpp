// What the services of WeChat and WeCom have in common: reading requests, answering in their form,
// limits, and the memory of what was sent before. Safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/guarded.hpp"
#include "universe/core/service.hpp"

namespace hongyan::universe::wechat {

[[nodiscard]] std::optional<boost::json::object> parse_object(std::string_view text);
/// A text member, or "".
[[nodiscard]] std::string_view text_of(const boost::json::object& from, std::string_view key);
/// A whole number, also when it is written as text; or nothing.
[[nodiscard]] std::optional<std::int64_t> number_of(const boost::json::object& from,
                                                    std::string_view key);
[[nodiscard]] const boost::json::object* object_of(const boost::json::object& from,
                                                   std::string_view key);

[[nodiscard]] ServiceReply answer(const boost::json::object& body);
/// {"errcode":code,"errmsg":message}, with HTTP 200 as always.
[[nodiscard]] ServiceReply refusal(std::int64_t code, std::string_view message);
/// True if word is in the list with commas, or the list is "*".
[[nodiscard]] bool is_listed(const std::string& list, std::string_view word);

/// Counts what each key did within a sliding stretch of time.
class Throttle {
  public:
    /// Notes one more for key unless there were most already; most <= 0 allows all.
    [[nodiscard]] bool allow(std::string_view key, std::int64_t now_ms, std::int64_t span_ms,
                             std::int64_t most);

  private:
    Guarded<std::map<std::string, std::deque<std::int64_t>, std::less<>>> seen_;
};

/// Remembers for a while which id a key got.
class Memory {
  public:
    struct Found {
        std::string id;
        bool repeat = false;
    };
    /// The id noted for key within the last span_ms, else fresh, which is noted.
    [[nodiscard]] Found note(std::string_view key, std::string fresh, std::int64_t now_ms,
                             std::int64_t span_ms);

  private:
    struct Entry {
        std::string id;
        std::int64_t ends_ms = 0;
    };
    Guarded<std::map<std::string, Entry, std::less<>>> entries_;
};

}  // namespace hongyan::universe::wechat
