// RequestParser: Beast's parser with callbacks that write views straight into a Request, and the
// checks RFC 9112 asks of a server beyond the grammar (Host, framing, target). One object per
// request; after the head it also decodes a chunked body. Not thread-safe.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"

namespace hongyan::http {

/// What the head says about the connection and the body.
struct Framing {
    bool http_11 = true;
    bool keep_alive = true;
    bool chunked = false;
    bool expects_continue = false;
};

class RequestParser final : public boost::beast::http::basic_parser<true> {
  public:
    /// Fills request with views into head, which must be complete. Everything wrong is bad_request
    /// or uri_too_long; request then holds what was read before.
    [[nodiscard]] std::optional<Error> parse_head(std::string_view head, Request& request,
                                                  std::size_t target_limit);
    [[nodiscard]] const Framing& framing() const { return framing_; }

    struct Chunks {
        std::size_t consumed = 0;
        bool complete = false;
        std::optional<Error> error = std::nullopt;
    };
    /// Decodes a chunked body from input and appends it to body (or drops it if null); what is not
    /// consumed must be given again with more. A body beyond limit is body_too_large. Call
    /// with the same limit each time.
    [[nodiscard]] Chunks parse_chunks(std::string_view input, std::string* body);
    void limit_chunks(std::size_t limit) { body_limit(limit); }

  private:
    using ErrorRef = boost::beast::error_code&;
    using View = boost::beast::string_view;
    void on_request_impl(boost::beast::http::verb method, View method_text, View target,
                         int version, ErrorRef error) override;
    void on_response_impl(int, View, int, ErrorRef) override {}
    void on_field_impl(boost::beast::http::field field, View name, View value,
                       ErrorRef error) override;
    void on_header_impl(ErrorRef) override { head_done_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorRef) override {}
    std::size_t on_body_impl(View part, ErrorRef) override { return part.size(); }
    void on_chunk_header_impl(std::uint64_t, View, ErrorRef) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View part, ErrorRef error) override;
    void on_finish_impl(ErrorRef) override {}
    [[nodiscard]] std::optional<Error> check_framing();
    [[nodiscard]] std::optional<Error> check_host() const;

    Request* request_ = nullptr;
    std::string* body_ = nullptr;
    Framing framing_;
    bool head_done_ = false;
    bool has_transfer_encoding_ = false;
    std::size_t content_lengths_ = 0;
    std::size_t hosts_ = 0;
};

/// Splits target ("/path?query", "http://host/path" or "*") into request.path and request.query.
[[nodiscard]] std::optional<Error> split_target(Request& request, std::size_t limit);

}  // namespace hongyan::http
