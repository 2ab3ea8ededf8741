// Value: one answer of Redis, and the two ends of its protocol: Commands writes, Reader turns bytes
// into values as they arrive. The only place that knows hiredis, of which only the reader is used:
// its writer makes a piece of memory for each command. Not thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan::redis {

struct Value {
    enum class Kind : std::uint8_t { nil, integer, text, failure, list };
    Kind kind = Kind::nil;
    std::int64_t integer = 0;
    std::string text;  ///< a string, a status, or the words of a failure
    std::vector<Value> list;

    [[nodiscard]] bool is_failure() const { return kind == Kind::failure; }
    /// True if it is a failure that begins with this word, e.g. "NOSCRIPT".
    [[nodiscard]] bool failed_with(std::string_view word) const;
    /// The element, or nil if there is none.
    [[nodiscard]] const Value& at(std::size_t index) const;
    /// The number, also when it came as text; otherwise 0.
    [[nodiscard]] std::int64_t number() const;
};

/// A command with its arguments.
using Words = std::vector<std::string>;

/// One command after the other, as they go over the wire: an array of strings each (RESP, "Sending
/// commands to a Redis server").
class Commands {
  public:
    Commands() = default;
    explicit Commands(const Words& one);
    /// Begins a command of so many words, each to be given with word().
    void start(std::size_t words);
    void word(std::string_view text);
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] std::size_t count() const { return count_; }

  private:
    void size(char kind, std::size_t value);

    std::string bytes_;
    std::size_t count_ = 0;
};

class Reader {
  public:
    Reader();
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// An answer larger than this is taken for nonsense.
    static constexpr std::size_t bytes_max = 64U << 20;
    Status feed(std::string_view bytes);
    /// The next whole answer into value; false: more bytes are needed.
    Result<bool> next(Value& value);

  private:
    struct Held;
    std::unique_ptr<Held> held_;
};

}  // namespace hongyan::redis
