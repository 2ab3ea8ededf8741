// Stream: a socket that never blocks, with or without TLS, in one form for both. The owner reads
// and writes until it is told to wait, and then asks to be called when the socket is ready.
// TlsContext holds what all streams of one account share. A stream is used by its loop's thread
// only.
#pragma once

#include "channel/mail/smtp_asio.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_function.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace hongyan::mail {

/// The authorities that are trusted, and the rules of TLS (1.2 at least).
class TlsContext {
  public:
    /// Errors: config_invalid, naming ca_file.
    [[nodiscard]] static Result<TlsContext> make(const std::string& ca_file, bool verify);
    [[nodiscard]] ssl_ctx_st* get() const { return context_.get(); }
    [[nodiscard]] bool verify() const { return verify_; }

  private:
    TlsContext(std::shared_ptr<ssl_ctx_st> context, bool verify)
        : context_(std::move(context)), verify_(verify) {}
    std::shared_ptr<ssl_ctx_st> context_;  ///< shared: OpenSSL counts its users itself, too
    bool verify_;
};

/// What came of one try to read, write or agree on TLS.
struct IoResult {
    enum class Kind {
        done,
        want_read,   ///< nothing for now; wait until the socket can be read
        want_write,  ///< nothing for now; wait until it can be written
        closed,      ///< over; message says why
        untrusted,   ///< the peer's certificate is not to be trusted; message says why
        no_tls,      ///< the peer does not speak TLS as we do; message says why
    };
    Kind kind = Kind::done;
    std::size_t count = 0;
    std::string message = {};
};

class Stream {
  public:
    using Tcp = boost::asio::ip::tcp;
    using Ready = UniqueFunction<void()>;

    explicit Stream(boost::asio::io_context& loop) : socket_(loop) {}
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// done is called with "" or why not, unless the stream is closed before.
    void connect(const Tcp::endpoint& endpoint, UniqueFunction<void(std::string)> done);
    /// From here on, handshake() until done; host is for SNI and the certificate's name.
    [[nodiscard]] Status start_tls(const TlsContext& context, const std::string& host);
    [[nodiscard]] IoResult handshake();
    [[nodiscard]] IoResult read(std::span<char> room);
    [[nodiscard]] IoResult write(std::string_view bytes);
    /// Calls ready once, unless the stream is closed before.
    void when_readable(Ready ready);
    void when_writable(Ready ready);
    /// Ends at once; nothing that waits is called.
    void close();
    [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }

  private:
    struct FreeSsl {
        void operator()(ssl_st* ssl) const;
    };
    [[nodiscard]] IoResult tls_result(int returned);
    void wait(Tcp::socket::wait_type what, Ready ready);

    Tcp::socket socket_;
    std::unique_ptr<ssl_st, FreeSsl> ssl_;
};

}  // namespace hongyan::mail
