// Transfer: one easy handle and the call it carries, used for one call after the other. It sets the
// handle up, collects the answer within its budgets, asks the guard, stops repeats that could send
// a request twice, and gives the verdict at the end. Belongs to the thread of its Loop.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address_guard.hpp"
#include "contract/outbound.hpp"

namespace hongyan::curl {

/// A call on its way to a loop. Times are steady microseconds.
struct Job {
    OutboundRequest request;
    OutboundDone done;
    std::string refusal;  ///< not "": nothing is sent, and why
    bool is_https = false;
    std::string origin;  ///< scheme, host and port
    std::int64_t deadline_us = 0;
};

/// True if HTTP/2 will certainly not be spoken.
[[nodiscard]] inline bool is_only_http1(const Job& job) {
    return job.request.version == HttpVersion::http1 ||
           (job.request.version == HttpVersion::any && !job.is_https);
}

/// An HTTP/2 server said that it goes and has processed no stream of this connection after last.
struct GoAway {
    std::uint32_t group = 0;
    int local_port = 0;
    std::int64_t last_stream = 0;
};

struct Host;

/// What all transfers share; outlives them.
struct TransferOptions {
    NetworkList allowed;
    std::string user_agent;
    int max_idle_seconds = 50;
    const Clock* clock = nullptr;
    std::vector<GoAway>* goaways = nullptr;  ///< where transfers leave them for the loop
};

class Transfer {
  public:
    explicit Transfer(const TransferOptions& options);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// Takes a call and prepares the handle for it.
    void begin(Job job);
    /// True if it ended unsent only because the kind of connection was guessed wrong, see
    /// set_version(); add it again then, after turn().
    [[nodiscard]] bool guessed_wrong() const { return guessed_wrong_ && turns_ < max_turns; }
    void turn();
    [[nodiscard]] CURL* handle() const { return handle_.get(); }
    [[nodiscard]] std::int64_t deadline_us() const { return job_.deadline_us; }
    /// The verdict; out_of_time if the loop ended it before libcurl did.
    [[nodiscard]] OutboundReply finish(CURLcode code, bool out_of_time);
    [[nodiscard]] OutboundDone take_done() { return std::move(job_.done); }
    static constexpr int max_turns = 8;
    /// Takes the server's word that this call was not processed; true if it concerns this call,
    /// which then is to be ended.
    bool hears(const GoAway& goaway);
    /// Which group of connections the loop runs it in.
    std::uint32_t group = 0;
    Host* host = nullptr;  ///< the loop's count of its origin, if it keeps one

  private:
    struct Free {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    };
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
    static curl_socket_t on_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int on_before_request(void* self, char*, char*, int, int local_port);
    static int on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* self);

    void set_constants();
    void set_method();
    void set_headers();
    [[nodiscard]] bool must_guess() const;
    void set_version();
    void set_trust();
    void take_words(std::string_view words);
    void add_header(std::string_view name, std::string_view value);
    bool take_header(std::string_view line);
    [[nodiscard]] bool is_whole() const;
    [[nodiscard]] bool left() const;
    [[nodiscard]] std::string reason(CURLcode code, bool out_of_time) const;
    [[nodiscard]] long written() const;

    const TransferOptions& options_;
    const std::unique_ptr<CURL, Free> handle_;
    Job job_;
    OutboundReply reply_;
    std::int64_t started_us_ = 0;
    std::size_t header_bytes_ = 0;
    std::string header_text_;                 ///< "Name: value\0" of each header
    std::vector<std::size_t> header_starts_;  ///< where each begins
    std::vector<curl_slist> header_list_;  ///< the form libcurl wants, pointing into header_text_
    bool has_own_ca_ = false;
    bool has_user_ = false;
    bool head_complete_ = false;  ///< the empty line behind the headers has come
    bool over_budget_ = false;
    bool cut_ = false;             ///< the body was longer than wanted, and that is no fault
    bool guarded_ = false;         ///< the guard refused an address
    bool opened_ = false;          ///< a socket was opened
    int local_port_ = 0;           ///< of the connection in use
    int tries_ = 0;                ///< times libcurl was about to write the request
    long forgiven_ = 0;            ///< bytes written of tries that the server did not process
    bool refused_stream_ = false;  ///< the try under way was refused unprocessed
    std::int64_t stream_ = 0;      ///< its number in HTTP/2, as far as known
    bool repeat_stopped_ = false;
    bool joins_ = false;  ///< HTTP/2 without TLS: expects to join a connection, not to open one
    bool guessed_wrong_ = false;
    int turns_ = 0;
    char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace hongyan::curl
