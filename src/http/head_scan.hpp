// HeadScan: finds the end of a request's head as its bytes arrive, each byte looked at once, and
// refuses at the first line what the parser behind it would read too generously or too late: bare
// line feeds, folded lines, too many or too long ones. Used by one connection, one request at a
// time.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.hpp"
#include "http/server.hpp"

namespace hongyan::http {

class HeadScan {
  public:
    enum class State { need_more, complete, bad };

    /// input starts at the head's first byte and holds all that has arrived of it so far.
    [[nodiscard]] State advance(std::string_view input, const ServerOptions& limits);
    /// When complete: the head's length with the empty line.
    [[nodiscard]] std::size_t size() const { return line_start_; }
    /// Ready for the next head.
    void reset() { line_start_ = scanned_ = lines_ = 0; }
    /// When bad.
    [[nodiscard]] const Error& error() const { return error_; }

  private:
    State line_ended(std::string_view input, std::size_t end, const ServerOptions& limits);
    State check_partial(std::string_view input, const ServerOptions& limits);
    State bad(ErrorCode code, std::string detail);

    std::size_t line_start_ = 0;
    std::size_t scanned_ = 0;
    std::size_t lines_ = 0;
    Error error_;
};

}  // namespace hongyan::http
