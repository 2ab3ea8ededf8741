// Connection: one client's TCP connection, on one I/O thread for its whole life. It reads heads and
// bodies, asks the guard, hands requests to their handlers, and writes the answers in the order of
// the requests, all that are ready in one write. It reads no further while the guard waits or
// pipeline_depth requests are in flight. Not thread-safe; lives as long as the worker lists it or
// an operation on its socket is under way.
//
// The source files: connection.cpp (life, reading, deadlines), connection_request.cpp (from a head
// to a handler), connection_body.cpp, connection_response.cpp (from answers to bytes). An answer
// that upgrades is the last on its connection: when all before it is written, the socket is given
// to a SocketSession and the Connection ends.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "http/connection_limits.hpp"
#include "http/deadline_wheel.hpp"
#include "http/exchange.hpp"
#include "http/head_scan.hpp"
#include "http/request_parser.hpp"

namespace hongyan::http {

class Worker;

class Connection : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>,
                   public boost::intrusive::list_base_hook<>,
                   public WheelEntry {
  public:
    Connection(Worker& worker, boost::asio::ip::tcp::socket socket, std::string peer,
               ConnectionLimits::Place place);
    ~Connection();

    /// Starts to read; or, if the place is turned away, answers 503.
    void start();
    /// Parses what has arrived, writes what is ready, arms what comes next. After each event.
    void pump();
    void on_deadline();
    /// Closes if idle; else no new request is begun and the last answer says so.
    void begin_stop();
    void close();
    /// Marks that pump() is due; false if it already was.
    [[nodiscard]] bool mark_dirty();
    [[nodiscard]] const std::string& peer() const { return peer_; }

  private:
    enum class Phase {
        head,
        guard_wait,
        sized_body,
        chunked_body,
        skip_sized,  ///< the body of a request that was refused before
        skip_chunked,
        drop,  ///< what comes is thrown away; the connection ends
    };

    // connection.cpp
    void read_more();
    void on_read(const boost::system::error_code& error, std::size_t bytes);
    void on_end_of_input();
    void on_writable(const boost::system::error_code& error);
    void settle();
    void start_linger();
    void leave();
    void update_deadline();
    [[nodiscard]] std::int64_t read_deadline() const;
    [[nodiscard]] bool may_parse() const;
    [[nodiscard]] bool is_quiet() const;
    [[nodiscard]] bool is_expected() const;
    [[nodiscard]] std::string_view input() const;

    // connection_request.cpp
    void parse_input();
    [[nodiscard]] bool parse_step();
    [[nodiscard]] bool parse_head();
    void begin_request(std::size_t head_size);
    void route_request(Exchange& exchange);
    void answer_unrouted(Exchange& exchange, const Router::Match& match);
    void ask_guard(Exchange& exchange);
    void refuse_before_body(Exchange& exchange, Response&& response);
    void guard_waited();
    void admitted(Exchange& exchange);
    void dispatch(Exchange& exchange);
    void next_head(const Exchange& exchange);
    /// The answer to what cannot be understood; the last one on this connection.
    void refuse_input(const Error& error);
    void answer(Exchange& exchange, Response&& response);
    void answer_error(Exchange& exchange, const Error& error);
    Exchange& new_exchange();

    // connection_body.cpp
    [[nodiscard]] std::optional<Error> check_body_allowed(const Exchange& exchange) const;
    void start_body(Exchange& exchange);
    [[nodiscard]] bool read_sized_body();
    [[nodiscard]] bool read_chunked_body();
    void skip_body(Exchange& exchange);
    [[nodiscard]] bool skip_sized_body();
    [[nodiscard]] bool skip_chunked_body();

    // connection_response.cpp
    void write_ready();
    void gather();
    void append_answer(Exchange& exchange);
    [[nodiscard]] bool send_now();
    void hand_over(Exchange& exchange);
    void count_answer(const Exchange& exchange, std::size_t body_bytes);

    // Fixed after construction.
    Worker& worker_;
    const std::string peer_;
    ConnectionLimits::Place place_;

    // Reading.
    boost::asio::ip::tcp::socket socket_;
    boost::beast::flat_buffer in_;
    std::size_t read_size_;
    Phase phase_ = Phase::head;
    HeadScan scan_;
    std::optional<RequestParser> parser_;
    Exchange* current_ = nullptr;  ///< in queue_, its body is being read or its guard waits
    std::uint64_t to_skip_ = 0;    ///< bytes of a refused body still to come
    std::int64_t read_due_ms_;     ///< the head's or the body's deadline
    bool head_begun_ = true;       ///< read_due_ms_ holds for a head (so for the first one)
    bool reading_ = false;
    bool end_of_input_ = false;
    bool spoke_early_ = false;  ///< bytes came behind a request that is to end HTTP

    // Writing.
    ExchangeQueue queue_;
    std::string out_;
    std::size_t sent_ = 0;       ///< of out_ and then of large_'s body
    Exchange* large_ = nullptr;  ///< popped, its body is written after out_ without a copy
    std::int64_t write_due_ms_ = 0;
    bool waiting_to_write_ = false;
    bool close_when_quiet_ = false;  ///< what stands in queue_ is the last
    bool lingering_ = false;         ///< our side is shut down; waits for the client's
    std::int64_t linger_due_ms_ = 0;

    bool parsing_ = false;  ///< answers given now are written by the pump() under way
    bool dirty_ = false;
    bool closed_ = false;
    bool asked_ = false;             ///< a request has come
    std::int64_t first_due_ms_ = 0;  ///< at the stop: how long the first one is waited for
};

}  // namespace hongyan::http
