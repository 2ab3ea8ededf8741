// What a handler sees of HTTP: the Request it reads and the Response it builds. Both are plain data
// without a network, so that handlers can be tested by filling them in by hand. All views of a
// Request stay valid, at the same address, until its Responder has been called or destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hongyan::http {

enum class Method : std::uint8_t { get, post, put, patch, del, head, options, other };

/// "GET", "DELETE", ...; "OTHER" for Method::other.
[[nodiscard]] std::string_view to_text(Method method);
/// Methods are case-sensitive; everything unknown is Method::other.
[[nodiscard]] Method method_from_text(std::string_view text);

struct RouteOptions;
class SocketHandler;

/// A name with its value: a header field, or a parameter of the path.
struct Field {
    std::string_view name;
    std::string_view value;
};

struct Request {
    Method method = Method::get;
    std::string_view target;        ///< path and query as sent, at most ServerOptions::target_bytes
    std::string_view path;          ///< still percent-encoded
    std::string_view query;         ///< what follows '?', still percent-encoded
    std::string_view body;          ///< "" while the guard runs
    std::string_view request_id;    ///< 1 to 64 of [A-Za-z0-9._-]; echoed as X-Request-Id
    std::string_view peer_address;  ///< "127.0.0.1", "::1"; without the port
    std::vector<Field> fields;      ///< the header in its order, values trimmed
    std::vector<Field> params;      ///< the path's parameters, percent-decoded
    /// Content-Length as announced; nothing if absent or chunked.
    std::optional<std::uint64_t> content_length;
    const RouteOptions* route = nullptr;  ///< the options given to Router::add
    /// For the guard: what the handler may need, e.g. the key's tenant. Destroyed when the response
    /// is sent, the connection dies or the server stops, mostly on the I/O thread but then on any:
    /// a destructor in it may leave() a limiter.
    std::shared_ptr<void> context;

    /// The first field of that name (case-insensitive), "" if there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
    /// How often the field occurs; for fields that must not be repeated.
    [[nodiscard]] std::size_t header_count(std::string_view name) const;
    /// A path parameter by the name in the pattern, percent-decoded; "" if there is none. May hold
    /// any bytes, '/' and NUL too.
    [[nodiscard]] std::string_view param(std::string_view name) const;
    /// The first query value of that name, percent-decoded, '+' read as space. A broken escape is
    /// kept as it stands.
    [[nodiscard]] std::optional<std::string> query_value(std::string_view name) const;
    /// All pairs of the query in their order, decoded; "a" alone is ("a", "").
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> query_pairs() const;
};

/// The additional header fields of a response, kept as one text so that adding costs no more than
/// one allocation. Names and values are the program's own: bytes below 0x20 in a value are replaced
/// by spaces, so that no value can forge a field.
class HeaderList {
  public:
    void add(std::string_view name, std::string_view value);
    /// The first value of that name (case-insensitive), "" if there is none.
    [[nodiscard]] std::string_view find(std::string_view name) const;
    [[nodiscard]] bool empty() const { return lines_.empty(); }
    void clear() { lines_.clear(); }
    /// "Name: value\r\n" for each field.
    [[nodiscard]] std::string_view lines() const { return lines_; }

  private:
    std::string lines_;
};

/// The answer. The server adds Date, Content-Length, Connection, X-Request-Id and the security
/// fields; and `Cache-Control: no-store` unless headers has a Cache-Control. HTML gets a
/// Content-Security-Policy that allows this origin only, unless headers has one.
struct Response {
    int status = 200;
    /// A view of memory that outlives the response: a literal, or an asset's own. "" = no field.
    std::string_view content_type = "application/json";
    std::string body;
    HeaderList headers;
    /// Used instead of body if not empty: memory that outlives the server; never copied.
    std::string_view static_body;
    /// With status 101, on a route that upgrades: who speaks on the WebSocket.
    std::shared_ptr<SocketHandler> upgrade = nullptr;
};

/// text with %XX decoded and, for queries, '+' as space. Broken escapes are kept as they stand.
[[nodiscard]] std::string percent_decoded(std::string_view text, bool plus_is_space = false);
/// True if every '%' is followed by two hexadecimal digits.
[[nodiscard]] bool has_valid_escapes(std::string_view text);

}  // namespace hongyan::http
