#include "channel/mail/smtp_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace hongyan::mail {
namespace {

using boost::system::error_code;
using Kind = IoResult::Kind;

/// The oldest error of OpenSSL's queue in words; the queue is empty after that.
std::string take_tls_error() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "the connection was closed";
    const char* reason = ERR_reason_error_string(code);
    return reason == nullptr ? "TLS error " + std::to_string(code) : reason;
}

IoResult from_errno(Kind wait) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {wait, 0};
    return {Kind::closed, 0, std::strerror(errno)};
}

bool is_address(const std::string& host) {
    error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

}  // namespace

Result<TlsContext> TlsContext::make(const std::string& ca_file, bool verify) {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    HY_ASSERT(context != nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    // Servers that close without a farewell are common; a cut inside a mail shows otherwise.
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                       : SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
    if (loaded != 1) {
        return make_error(ErrorCode::config_invalid,
                          "cannot read certificates from " + ca_file + ": " + take_tls_error());
    }
    SSL_CTX_set_verify(context.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    return TlsContext(std::move(context), verify);
}

void Stream::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Stream::~Stream() { close(); }

void Stream::connect(const Tcp::endpoint& endpoint, UniqueFunction<void(std::string)> done) {
    close();
    socket_.async_connect(endpoint,
                          [this, done = std::move(done)](const error_code& error) mutable {
                              if (error == boost::asio::error::operation_aborted) return;
                              if (error) {
                                  done(error.message());
                                  return;
                              }
                              error_code ignored;
                              socket_.set_option(Tcp::no_delay(true), ignored);
                              socket_.native_non_blocking(true, ignored);
                              done("");
                          });
}

Status Stream::start_tls(const TlsContext& context, const std::string& host) {
    HY_ASSERT(ssl_ == nullptr && socket_.is_open());
    ssl_.reset(SSL_new(context.get()));
    HY_ASSERT(ssl_ != nullptr);
    SSL_set_connect_state(ssl_.get());
    const bool bound = SSL_set_fd(ssl_.get(), socket_.native_handle()) == 1;
    bool named = true;
    if (is_address(host)) {  // SNI is for names only (RFC 6066)
        named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str()) == 1;
    } else {
        named = SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1 &&
                SSL_set1_host(ssl_.get(), host.c_str()) == 1;
    }
    if (bound && named) return Done{};
    return make_error(ErrorCode::internal, "TLS cannot be set up: " + take_tls_error());
}

IoResult Stream::tls_result(int returned) {
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            return {Kind::want_read, 0};
        case SSL_ERROR_WANT_WRITE:
            return {Kind::want_write, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {Kind::closed, 0, "the connection was closed"};
        case SSL_ERROR_SYSCALL:
            ERR_clear_error();
            return {Kind::closed, 0, errno == 0 ? "the connection was closed" : strerror(errno)};
        default:
            return {Kind::closed, 0, take_tls_error()};
    }
}

IoResult Stream::handshake() {
    ERR_clear_error();
    errno = 0;
    const int returned = SSL_do_handshake(ssl_.get());
    if (returned == 1) return {};
    const bool protocol_error = ERR_peek_error() != 0;
    IoResult result = tls_result(returned);
    if (result.kind != Kind::closed) return result;
    if (const long trust = SSL_get_verify_result(ssl_.get()); trust != X509_V_OK) {
        return {Kind::untrusted, 0, X509_verify_cert_error_string(trust)};
    }
    if (protocol_error) result.kind = Kind::no_tls;
    return result;
}

IoResult Stream::read(std::span<char> room) {
    if (ssl_ == nullptr) {
        const auto count = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
        if (count > 0) return {Kind::done, static_cast<std::size_t>(count)};
        if (count == 0) return {Kind::closed, 0, "the connection was closed"};
        return from_errno(Kind::want_read);
    }
    ERR_clear_error();
    errno = 0;
    const int count = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
    if (count > 0) return {Kind::done, static_cast<std::size_t>(count)};
    return tls_result(count);
}

IoResult Stream::write(std::string_view bytes) {
    HY_ASSERT(!bytes.empty());
    if (ssl_ == nullptr) {
        const auto count = ::send(socket_.native_handle(), bytes.data(), bytes.size(),
                                  MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count >= 0) return {Kind::done, static_cast<std::size_t>(count)};
        return from_errno(Kind::want_write);
    }
    ERR_clear_error();
    errno = 0;
    const int size = bytes.size() > INT_MAX ? INT_MAX : static_cast<int>(bytes.size());
    const int count = SSL_write(ssl_.get(), bytes.data(), size);
    if (count > 0) return {Kind::done, static_cast<std::size_t>(count)};
    return tls_result(count);
}

void Stream::wait(Tcp::socket::wait_type what, Ready ready) {
    socket_.async_wait(what, [ready = std::move(ready)](const error_code& error) mutable {
        // Any other error shows, with its reason, when the socket is used.
        if (error != boost::asio::error::operation_aborted) ready();
    });
}

void Stream::when_readable(Ready ready) { wait(Tcp::socket::wait_read, std::move(ready)); }
void Stream::when_writable(Ready ready) { wait(Tcp::socket::wait_write, std::move(ready)); }

void Stream::close() {
    ssl_.reset();
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace hongyan::mail
