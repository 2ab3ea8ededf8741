// One connection to the mail server. libcurl opens it without blocking: name look-up, TCP, TLS or
// STARTTLS with certificate check, EHLO and AUTH; from then on it is a plain pipe of bytes. Each
// connection has a libcurl multi handle of its own: a shared one would put connections on loan
// into its cache and close those it takes for stale. Belongs to the sender's thread.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "channel/email/poller.hpp"
#include "channel/email/reply.hpp"

namespace hongyan::email {

enum class TlsMode { off, offered, required };

struct ServerOptions {
    std::string url;  ///< smtp://host:port/helo or smtps://...
    TlsMode tls = TlsMode::required;
    std::string username;
    std::string password;
    std::string ca_file;
    Millis timeout{60'000};
};

/// What the server said it can do.
struct Features {
    bool pipelining = false;
    bool size = false;
    std::size_t max_size = 0;  ///< 0 = not told
};

/// Why a connection could not be opened.
struct ConnectFailure {
    int curl_code = 0;
    std::string message;
    Stage stage = Stage::greeting;
    std::optional<Reply> refusal;  ///< the server's last word, if that was a refusal
};

struct IoResult {
    enum class Kind { bytes, again, closed } kind = Kind::again;
    std::size_t count = 0;
    std::string message;  ///< when closed
};

class Transport {
  public:
    enum class State { opening, open, failed };

    /// Begins to open. The options and the others must outlive it.
    Transport(const ServerOptions& server, Poller& poller, std::size_t owner, const Clock& clock);
    ~Transport();
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;

    /// While opening: tells it that a socket is ready, or that the time of timer_us() has come.
    State on_ready(const Poller::Event& event);
    State on_timer();
    /// Steady time in microseconds at which on_timer() is wanted; max if never.
    [[nodiscard]] std::int64_t timer_us() const { return timer_us_; }

    [[nodiscard]] const ConnectFailure& failure() const { return failure_; }
    [[nodiscard]] const Features& features() const { return features_; }
    /// The connection's socket, once open.
    [[nodiscard]] int fd() const { return fd_; }

    /// Once open; never block.
    [[nodiscard]] IoResult send(std::string_view bytes);
    [[nodiscard]] IoResult receive(std::span<char> room);
    /// Chooses whether to be told when bytes can be sent; reading is always watched.
    void want_write(bool wanted);

  private:
    friend struct CurlCallbacks;
    void set_options(const ServerOptions& server);
    State check();
    void fail(int curl_code);
    void on_command(std::string_view line);
    void on_bytes(std::string_view bytes);

    Poller& poller_;
    const std::size_t owner_;
    const Clock& clock_;
    std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi_;
    std::unique_ptr<CURL, void (*)(CURL*)> easy_;
    State state_ = State::opening;
    std::int64_t timer_us_;
    int fd_ = -1;
    bool writes_wanted_ = false;
    Stage stage_ = Stage::greeting;
    ReplyReader replies_;
    Features features_;
    ConnectFailure failure_;
    char error_text_[CURL_ERROR_SIZE] = "";
};

}  // namespace hongyan::email
