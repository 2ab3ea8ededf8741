// The HTTP client of the command line: one request at a time to a Hongyan server, blocking, over
// libcurl. Redirects are not followed, so that the API key goes nowhere else. One Client belongs to
// one thread. A reply with any status is an Answer; an Error (outbound_failed) means that no reply
// came.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace hongyan::app {

struct ClientOptions {
    std::string server = "http://127.0.0.1:8000";  ///< "host:port" without a scheme means http
    std::string api_key;                           ///< "" = none is sent
    Millis timeout{30'000};
};

struct Request {
    std::string method = "GET";
    std::string target;                 ///< path and query, e.g. "/api/messages?limit=1"
    std::optional<std::string> body{};  ///< JSON text
    std::string idempotency_key{};
};

struct Answer {
    int status = 0;
    std::map<std::string, std::string> headers;  ///< names in lower case
    std::string text;
    boost::json::value body;  ///< null if the text is not JSON

    [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
    [[nodiscard]] std::string header(const std::string& name) const;
};

class Client {
  public:
    explicit Client(ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] Result<Answer> call(const Request& request);
    /// Whether the last call got a connection: without an answer, the server may yet have taken the
    /// request.
    [[nodiscard]] bool was_connected() const { return was_connected_; }
    /// The server's address as it is used, without a slash at the end.
    [[nodiscard]] const std::string& server() const { return options_.server; }

  private:
    struct Handle;
    ClientOptions options_;
    std::unique_ptr<Handle> handle_;
    bool was_connected_ = false;
};

/// "" if the text names a server: http:// or https://, or none of them, and a host; else what is
/// wrong.
[[nodiscard]] std::string check_server_address(std::string_view text);

/// text as one query or path part: everything but letters, digits and -._~ percent-encoded.
[[nodiscard]] std::string url_encode(std::string_view text);
/// "?a=1&b=2" of the pairs with a value, or "".
[[nodiscard]] std::string query_string(
    const std::vector<std::pair<std::string, std::string>>& pairs);

/// Connects to a mail server, with TLS and login as configured, and says NOOP; nothing is sent.
struct SmtpProbe {
    std::string url;
    std::string tls;
    std::string username;
    std::string password;
    std::string ca_file;
    Millis timeout{10'000};
};
[[nodiscard]] Status probe_smtp(const SmtpProbe& probe);

}  // namespace hongyan::app
