#include "engine/curl/transfer.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::curl {
namespace {

constexpr std::size_t max_header_bytes = 64 * 1024;
/// What libcurl says (verbose) just before it repeats a request that the server named unprocessed.
constexpr std::string_view refused_stream_text = "REFUSED_STREAM, retrying a fresh connect";
constexpr std::string_view stream_text = "Using Stream ID: ";
constexpr std::string_view goaway_text = "GOAWAY, error=";
constexpr std::string_view last_stream_text = "last_stream=";

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(handle, option, value);
    HY_ASSERT(code == CURLE_OK);
}

/// libcurl 7.88 starts HTTP/2 anew on a connection that it joins by prior knowledge, which breaks
/// it.
bool has_broken_join() {
    static const unsigned version = curl_version_info(CURLVERSION_NOW)->version_num;
    return version >= 0x075800 && version < 0x080000;
}

/// The decimal number at that place, 0 if there is none.
std::int64_t number_at(std::string_view text, std::size_t at) {
    const std::size_t end = text.find_first_not_of("0123456789", at);
    return parse_int(text.substr(at, end == std::string_view::npos ? end : end - at)).value_or(0);
}

bool has_header(const OutboundRequest& request, std::string_view name) {
    return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
        return equals_ignoring_case(header.first, name);
    });
}

}  // namespace

Transfer::Transfer(const TransferOptions& options) : options_(options), handle_(curl_easy_init()) {
    HY_ASSERT(handle_ != nullptr);
    set_constants();
}

void Transfer::set_constants() {
    CURL* h = handle_.get();
    set(h, CURLOPT_PRIVATE, static_cast<void*>(this));
    set(h, CURLOPT_NOSIGNAL, 1L);
    set(h, CURLOPT_QUICK_EXIT, 1L);  // never wait for a resolver that hangs
    set(h, CURLOPT_PROTOCOLS_STR, "http,https");
    set(h, CURLOPT_FOLLOWLOCATION, 0L);
    set(h, CURLOPT_PROXY, "");  // not even from the environment
    set(h, CURLOPT_TCP_NODELAY, 1L);
    set(h, CURLOPT_TCP_KEEPALIVE, 1L);
    set(h, CURLOPT_MAXAGE_CONN, static_cast<long>(options_.max_idle_seconds));
    set(h, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    set(h, CURLOPT_ERRORBUFFER, error_);
    set(h, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
    set(h, CURLOPT_HEADERDATA, static_cast<void*>(this));
    set(h, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
    set(h, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(h, CURLOPT_OPENSOCKETFUNCTION, &Transfer::on_socket);
    set(h, CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(h, CURLOPT_PREREQFUNCTION, &Transfer::on_before_request);
    set(h, CURLOPT_PREREQDATA, static_cast<void*>(this));
    set(h, CURLOPT_DEBUGFUNCTION, &Transfer::on_debug);
    set(h, CURLOPT_DEBUGDATA, static_cast<void*>(this));
    if (!options_.user_agent.empty()) set(h, CURLOPT_USERAGENT, options_.user_agent.c_str());
}

void Transfer::begin(Job job) {
    job_ = std::move(job);
    reply_ = OutboundReply();
    reply_.started_ms = options_.clock->now_ms();
    started_us_ = options_.clock->steady_us();
    header_bytes_ = 0;
    joins_ = guessed_wrong_ = false;
    turns_ = 0;
    stream_ = 0;
    local_port_ = 0;
    head_complete_ = over_budget_ = cut_ = guarded_ = opened_ = refused_stream_ = repeat_stopped_ =
        false;
    tries_ = 0;
    forgiven_ = 0;
    error_[0] = '\0';
    CURL* h = handle_.get();
    set(h, CURLOPT_URL, job_.request.url.c_str());
    // The whole time is the loop's matter: libcurl does not count the time a call waits for a
    // connection.
    const auto connect = std::max<std::int64_t>(job_.request.connect_timeout.count(), 1);
    set(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect));
    set_method();
    set_headers();
    set_version();
    set_trust();
}

void Transfer::set_method() {
    CURL* h = handle_.get();
    const OutboundRequest& request = job_.request;
    const bool wants_body = !request.body.empty() || request.method == "POST" ||
                            request.method == "PUT" || request.method == "PATCH";
    if (wants_body) {
        set(h, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(h, CURLOPT_POSTFIELDS, request.body.data());
        set(h, CURLOPT_POST, 1L);
    } else {
        set(h, CURLOPT_HTTPGET, 1L);
    }
    const bool is_head = request.method == "HEAD";
    set(h, CURLOPT_NOBODY, is_head && !wants_body ? 1L : 0L);
    const bool is_default = request.method == (wants_body ? "POST" : is_head ? "HEAD" : "GET");
    set(h, CURLOPT_CUSTOMREQUEST, is_default ? nullptr : request.method.c_str());
}

void Transfer::add_header(std::string_view name, std::string_view value) {
    header_starts_.push_back(header_text_.size());
    header_text_ += name;
    // libcurl takes "Name:" as "leave that header out", and "Name;" as one without a value.
    header_text_ += value.empty() ? ";" : ": ";
    header_text_ += value;
    header_text_ += '\0';
}

void Transfer::set_headers() {
    header_text_.clear();
    header_starts_.clear();
    header_list_.clear();
    const OutboundRequest& request = job_.request;
    for (const auto& [name, value] : request.headers) add_header(name, value);
    const auto leave_out = [&](std::string_view name) {
        if (has_header(request, name)) return;
        header_starts_.push_back(header_text_.size());
        header_text_ += name;
        header_text_ += ':';
        header_text_ += '\0';
    };
    leave_out("Expect");
    leave_out("Content-Type");  // else libcurl would name the body a form
    header_list_.resize(header_starts_.size());
    for (std::size_t i = 0; i < header_starts_.size(); ++i) {
        header_list_[i].data = header_text_.data() + header_starts_[i];
        header_list_[i].next = i + 1 < header_list_.size() ? &header_list_[i + 1] : nullptr;
    }
    set(handle_.get(), CURLOPT_HTTPHEADER, header_list_.data());
}

bool Transfer::must_guess() const {
    return job_.request.version == HttpVersion::http2 && !job_.is_https && has_broken_join();
}

void Transfer::turn() {
    ++turns_;
    joins_ = !joins_;
    guessed_wrong_ = opened_ = refused_stream_ = false;
    tries_ = 0;
    forgiven_ = 0;
    set_version();
}

/// With must_guess(), HTTP/2 without TLS is asked for by prior knowledge only when the connection
/// is opened for this call; to join one that others opened, the version that TLS would negotiate is
/// named, which takes a connection as it is. Which of both it will be is known only when libcurl
/// has a connection; a wrong guess is noticed there, before anything is sent, and turned.
void Transfer::set_version() {
    CURL* h = handle_.get();
    const HttpVersion wanted = job_.request.version;
    const bool only_http1 = is_only_http1(job_);
    long version = CURL_HTTP_VERSION_2TLS;
    if (only_http1) version = CURL_HTTP_VERSION_1_1;
    if (wanted == HttpVersion::http2 && !joins_) version = CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
    set(h, CURLOPT_HTTP_VERSION, version);
    // Better wait for a connection that is being made than make another one for HTTP/2.
    set(h, CURLOPT_PIPEWAIT, only_http1 ? 0L : 1L);
    set(h, CURLOPT_VERBOSE, 0L);  // see on_before_request
}

void Transfer::set_trust() {
    CURL* h = handle_.get();
    const OutboundRequest& request = job_.request;
    const bool own_ca = !request.ca_file.empty();
    if (own_ca || has_own_ca_) {
        const curl_version_info_data* built = curl_version_info(CURLVERSION_NOW);
        set(h, CURLOPT_CAINFO, own_ca ? request.ca_file.c_str() : built->cainfo);
        set(h, CURLOPT_CAPATH, own_ca ? nullptr : built->capath);
        has_own_ca_ = own_ca;
    }
    const bool with_user = !request.user.empty();
    if (with_user || has_user_) {
        set(h, CURLOPT_USERNAME, with_user ? request.user.c_str() : nullptr);
        set(h, CURLOPT_PASSWORD, with_user ? request.password.c_str() : nullptr);
        has_user_ = with_user;
    }
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
    const std::size_t length = size * count;
    const bool taken = static_cast<Transfer*>(self)->take_header({data, length});
    return taken ? length : length + 1;
}

bool Transfer::take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > max_header_bytes) {
        over_budget_ = true;
        return false;
    }
    if (line.substr(0, 5) == "HTTP/") {  // an interim answer (1xx) may have come before
        reply_.headers.clear();
        head_complete_ = false;
        return true;
    }
    if (trim(line).empty()) head_complete_ = true;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    reply_.headers.emplace_back(to_lower(trim(line.substr(0, colon))),
                                std::string(trim(line.substr(colon + 1))));
    return true;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t length = size * count;
    if (transfer.reply_.body.size() + length > transfer.job_.request.max_reply_bytes) {
        transfer.cut_ = transfer.job_.request.cut_reply;
        transfer.over_budget_ = !transfer.cut_;
        return length + 1;
    }
    transfer.reply_.body.append(data, length);
    return length;
}

curl_socket_t Transfer::on_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.job_.request.trust == UrlTrust::users) {
        const auto ip = address_of(&address->addr);
        if (!ip || !may_connect(*ip, transfer.options_.allowed)) {
            transfer.guarded_ = true;
            return CURL_SOCKET_BAD;
        }
    }
    transfer.opened_ = true;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

long Transfer::written() const {
    long bytes = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_REQUEST_SIZE, &bytes);
    return bytes - forgiven_;
}

/// Called each time libcurl has a connection and is about to write the request. The second time is
/// a repeat: libcurl sends again by itself when a kept connection ends before any byte of an
/// answer, whether or not the server has read the request. It may do so only if nothing was
/// written, or if the server named the request unprocessed.
int Transfer::on_before_request(void* self, char*, char*, int, int local_port) {
    auto& transfer = *static_cast<Transfer*>(self);
    const bool is_repeat = transfer.tries_++ > 0;
    if (is_repeat && transfer.left()) {
        transfer.repeat_stopped_ = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (transfer.must_guess() && transfer.joins_ == transfer.opened_) {
        transfer.guessed_wrong_ = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer.forgiven_ += transfer.written();
    transfer.refused_stream_ = false;
    transfer.stream_ = 0;
    transfer.local_port_ = local_port;
    // Only libcurl's words tell that a stream was refused; the words cost time, so they are asked
    // for as late as possible, and where HTTP/2 may be spoken.
    if (!is_only_http1(transfer.job_)) set(transfer.handle_.get(), CURLOPT_VERBOSE, 1L);
    return CURL_PREREQFUNC_OK;
}

int Transfer::on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* self) {
    if (type == CURLINFO_TEXT) static_cast<Transfer*>(self)->take_words({data, size});
    return 0;
}

/// A request that the server says it has not processed was not sent, for our purpose. Words that
/// another version of libcurl chooses differently leave the verdict at `lost`.
void Transfer::take_words(std::string_view words) {
    if (words.substr(0, stream_text.size()) == stream_text) {
        stream_ = number_at(words, stream_text.size());
    } else if (words.substr(0, refused_stream_text.size()) == refused_stream_text) {
        refused_stream_ = true;
    } else if (const std::size_t at = words.find(goaway_text); at < 16) {
        const std::size_t last = words.find(last_stream_text, at);
        if (last == std::string_view::npos) return;
        options_.goaways->push_back(
            {group, local_port_, number_at(words, last + last_stream_text.size())});
    }
}

bool Transfer::hears(const GoAway& goaway) {
    const bool concerned =
        goaway.group == group && goaway.local_port == local_port_ && stream_ > goaway.last_stream;
    if (concerned) refused_stream_ = true;
    return concerned;
}

/// True if bytes of the request left and the server may have acted on them.
bool Transfer::left() const { return !refused_stream_ && written() > 0; }

std::string Transfer::reason(CURLcode code, bool out_of_time) const {
    if (over_budget_) {
        return "the answer is larger than allowed (" +
               std::to_string(job_.request.max_reply_bytes) + " bytes)";
    }
    if (out_of_time) return "no answer within the time-out";
    if (guarded_ && !opened_) return "the address is private and not in the allow-list";
    if (repeat_stopped_) return "the connection was closed before the answer";
    // libcurl's own words may quote the URL; its fixed sentences do not.
    return curl_easy_strerror(code);
}

/// libcurl also calls it well done if the connection ends within the headers.
bool Transfer::is_whole() const { return head_complete_ && reply_.status >= 200; }

OutboundReply Transfer::finish(CURLcode code, bool out_of_time) {
    reply_.duration_us = options_.clock->steady_us() - started_us_;
    long status = 0;
    curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    if ((code == CURLE_OK || cut_) && !out_of_time) {
        if (is_whole()) {
            reply_.end = CallEnd::answered;
            return std::move(reply_);
        }
        code = CURLE_PARTIAL_FILE;
    }
    reply_.status = 0;
    if (left()) {
        reply_.end = CallEnd::lost;
    } else {
        const bool is_refused = (guarded_ && !opened_) || code == CURLE_URL_MALFORMAT ||
                                (code == CURLE_UNSUPPORTED_PROTOCOL && tries_ == 0);
        reply_.end = is_refused ? CallEnd::refused : CallEnd::not_sent;
    }
    reply_.detail = reason(code, out_of_time);
    reply_.headers.clear();
    reply_.body.clear();
    return std::move(reply_);
}

}  // namespace hongyan::curl
