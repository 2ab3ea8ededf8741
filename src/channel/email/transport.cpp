#include "channel/email/transport.hpp"

#include <limits>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::email {
namespace {

constexpr std::int64_t never_us = std::numeric_limits<std::int64_t>::max();

Features features_of(const Reply& hello) {
    Features features;
    for (const std::string& line : split(hello.text, '\n')) {
        const auto words = split(trim(line), ' ');
        if (equals_ignoring_case(words[0], "PIPELINING")) features.pipelining = true;
        if (equals_ignoring_case(words[0], "SIZE")) {
            features.size = true;
            const auto limit = words.size() > 1 ? parse_int(words[1]) : std::nullopt;
            if (limit && *limit > 0) features.max_size = static_cast<std::size_t>(*limit);
        }
    }
    return features;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy, option, value);
    HY_ASSERT(code == CURLE_OK);
}

long use_ssl_of(TlsMode mode) {
    if (mode == TlsMode::off) return CURLUSESSL_NONE;
    return mode == TlsMode::offered ? CURLUSESSL_TRY : CURLUSESSL_ALL;
}

}  // namespace

/// libcurl's callbacks; none of them may call libcurl.
struct CurlCallbacks {
    static int on_socket(CURL*, curl_socket_t fd, int what, void* self_, void*) {
        auto& self = *static_cast<Transport*>(self_);
        if (what == CURL_POLL_REMOVE) {
            self.poller_.forget(fd);
        } else {
            self.poller_.watch(
                fd, self.owner_,
                {.read = (what & CURL_POLL_IN) != 0, .write = (what & CURL_POLL_OUT) != 0});
        }
        return 0;
    }

    static int on_timer(CURLM*, long timeout_ms, void* self_) {
        auto& self = *static_cast<Transport*>(self_);
        self.timer_us_ =
            timeout_ms < 0 ? never_us : self.clock_.steady_us() + std::int64_t{timeout_ms} * 1000;
        return 0;
    }

    static int on_debug(CURL*, curl_infotype kind, char* data, std::size_t size, void* self_) {
        auto& self = *static_cast<Transport*>(self_);
        if (kind == CURLINFO_HEADER_OUT) self.on_command({data, size});
        if (kind == CURLINFO_HEADER_IN) self.on_bytes({data, size});
        return 0;
    }

    static std::size_t swallow(char*, std::size_t size, std::size_t count, void*) {
        return size * count;
    }
};

Transport::Transport(const ServerOptions& server, Poller& poller, std::size_t owner,
                     const Clock& clock)
    : poller_(poller),
      owner_(owner),
      clock_(clock),
      multi_(curl_multi_init(), curl_multi_cleanup),
      easy_(curl_easy_init(), curl_easy_cleanup),
      timer_us_(never_us) {
    HY_ASSERT(multi_ && easy_);
    set_options(server);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, CurlCallbacks::on_socket);
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, CurlCallbacks::on_timer);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    HY_ASSERT(curl_multi_add_handle(multi_.get(), easy_.get()) == CURLM_OK);
}

Transport::~Transport() {
    if (fd_ >= 0) poller_.forget(fd_);
    curl_multi_remove_handle(multi_.get(), easy_.get());
}

void Transport::set_options(const ServerOptions& server) {
    CURL* easy = easy_.get();
    set(easy, CURLOPT_ERRORBUFFER, error_text_);
    set(easy, CURLOPT_URL, server.url.c_str());
    set(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(easy, CURLOPT_PROXY, "");  // not by way of the environment's proxy
    set(easy, CURLOPT_CONNECT_ONLY, 1L);
    set(easy, CURLOPT_NOSIGNAL, 1L);
    set(easy, CURLOPT_QUICK_EXIT, 1L);  // closing never waits for a name server
    set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(server.timeout.count()));
    set(easy, CURLOPT_TCP_NODELAY, 1L);
    set(easy, CURLOPT_USE_SSL, use_ssl_of(server.tls));
    set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    if (!server.ca_file.empty()) {
        set(easy, CURLOPT_CAINFO, server.ca_file.c_str());
        set(easy, CURLOPT_CAPATH, nullptr);  // the given file replaces the system's, not adds to it
    }
    if (!server.username.empty()) {
        set(easy, CURLOPT_USERNAME, server.username.c_str());
        set(easy, CURLOPT_PASSWORD, server.password.c_str());
        set(easy, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN;AUTH=CRAM-MD5");
        set(easy, CURLOPT_SASL_IR, 1L);
    }
    set(easy, CURLOPT_WRITEFUNCTION, CurlCallbacks::swallow);
    // The debug callback is the one place that shows the dialogue: which command a refusal
    // answers, and the server's features.
    set(easy, CURLOPT_VERBOSE, 1L);
    set(easy, CURLOPT_DEBUGFUNCTION, CurlCallbacks::on_debug);
    set(easy, CURLOPT_DEBUGDATA, this);
}

void Transport::on_command(std::string_view line) {
    if (line.starts_with("EHLO") || line.starts_with("HELO")) stage_ = Stage::hello;
    if (line.starts_with("STARTTLS")) stage_ = Stage::tls;
    if (line.starts_with("AUTH")) stage_ = Stage::login;
}

void Transport::on_bytes(std::string_view bytes) {
    replies_.feed(bytes);
    while (auto reply = replies_.next()) {
        // Only the EHLO after STARTTLS counts; the one before may have been forged.
        if (stage_ == Stage::hello) features_ = features_of(*reply);
        failure_.refusal.reset();
        failure_.stage = stage_;
        if (reply->code >= 400) failure_.refusal = std::move(reply);
    }
}

Transport::State Transport::on_ready(const Poller::Event& event) {
    HY_ASSERT(state_ == State::opening);
    const int mask =
        (event.ready.read ? CURL_CSELECT_IN : 0) | (event.ready.write ? CURL_CSELECT_OUT : 0);
    int running = 0;
    curl_multi_socket_action(multi_.get(), event.fd, mask, &running);
    return check();
}

Transport::State Transport::on_timer() {
    HY_ASSERT(state_ == State::opening);
    timer_us_ = never_us;
    int running = 0;
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
    return check();
}

Transport::State Transport::check() {
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    if (message == nullptr) return state_;
    HY_ASSERT(message->msg == CURLMSG_DONE);
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (message->data.result != CURLE_OK) {
        fail(message->data.result);
    } else if (curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
               socket == CURL_SOCKET_BAD) {
        fail(CURLE_COULDNT_CONNECT);
    } else {
        state_ = State::open;
        fd_ = socket;
        poller_.watch(fd_, owner_, {.read = true, .write = false});
    }
    return state_;
}

void Transport::fail(int curl_code) {
    state_ = State::failed;
    failure_.curl_code = curl_code;
    failure_.message =
        error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(static_cast<CURLcode>(curl_code));
}

IoResult Transport::send(std::string_view bytes) {
    HY_ASSERT(state_ == State::open && !bytes.empty());
    std::size_t count = 0;
    error_text_[0] = '\0';
    const CURLcode code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &count);
    if (code == CURLE_OK) return {IoResult::Kind::bytes, count, ""};
    if (code == CURLE_AGAIN) return {IoResult::Kind::again, 0, ""};
    return {IoResult::Kind::closed, 0, error_text_[0] ? error_text_ : curl_easy_strerror(code)};
}

IoResult Transport::receive(std::span<char> room) {
    HY_ASSERT(state_ == State::open && !room.empty());
    std::size_t count = 0;
    error_text_[0] = '\0';
    const CURLcode code = curl_easy_recv(easy_.get(), room.data(), room.size(), &count);
    if (code == CURLE_OK && count > 0) return {IoResult::Kind::bytes, count, ""};
    if (code == CURLE_AGAIN) return {IoResult::Kind::again, 0, ""};
    if (code == CURLE_OK) return {IoResult::Kind::closed, 0, "the server closed the connection"};
    return {IoResult::Kind::closed, 0, error_text_[0] ? error_text_ : curl_easy_strerror(code)};
}

void Transport::want_write(bool wanted) {
    HY_ASSERT(state_ == State::open);
    if (wanted == writes_wanted_) return;
    writes_wanted_ = wanted;
    poller_.watch(fd_, owner_, {.read = true, .write = wanted});
}

}  // namespace hongyan::email
