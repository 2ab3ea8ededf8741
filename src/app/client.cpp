#include "app/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/text.hpp"

namespace hongyan::app {
namespace {

constexpr std::size_t max_answer_bytes = 256U << 20U;  // a wrong server must not fill the memory

struct Received {
    std::string text;
    std::map<std::string, std::string> headers;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* target) {
    auto& text = static_cast<Received*>(target)->text;
    const std::size_t bytes = size * count;
    if (text.size() + bytes > max_answer_bytes) return 0;
    text.append(data, bytes);
    return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* target) {
    const std::string_view line(data, size * count);
    auto& headers = static_cast<Received*>(target)->headers;
    if (line.starts_with("HTTP/")) headers.clear();  // a 100 Continue came before
    if (const auto colon = line.find(':'); colon != line.npos) {
        headers[to_lower(line.substr(0, colon))] = std::string(trim(line.substr(colon + 1)));
    }
    return line.size();
}

struct HeaderList {
    curl_slist* list = nullptr;
    HeaderList() = default;
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;
    ~HeaderList() { curl_slist_free_all(list); }
    void add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

struct CurlFree {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using CurlHandle = std::unique_ptr<CURL, CurlFree>;

std::string normal_server(std::string server) {
    if (server.find("://") == server.npos) server = "http://" + server;
    while (server.ends_with('/')) server.pop_back();
    return server;
}

std::string what_failed(CURLcode code, const char* detail) {
    return detail[0] != '\0' ? std::string(detail) : std::string(curl_easy_strerror(code));
}

}  // namespace

struct Client::Handle {
    CurlHandle curl{curl_easy_init()};
    char failure[CURL_ERROR_SIZE] = {};
};

std::string Answer::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

Client::Client(ClientOptions options)
    : options_(std::move(options)), handle_(std::make_unique<Handle>()) {
    HY_ASSERT(handle_->curl != nullptr);
    options_.server = normal_server(std::move(options_.server));
}

Client::~Client() = default;

Result<Answer> Client::call(const Request& request) {
    CURL* curl = handle_->curl.get();
    curl_easy_reset(curl);  // keeps the open connection
    handle_->failure[0] = '\0';
    Received received;
    HeaderList headers;
    headers.add("Accept: application/json, application/problem+json");
    headers.add("Expect:");
    if (!options_.api_key.empty()) headers.add("Authorization: Bearer " + options_.api_key);
    if (!request.idempotency_key.empty())
        headers.add("Idempotency-Key: " + request.idempotency_key);
    if (request.body) {
        headers.add("Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body->size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body->data());
    }
    const std::string url = options_.server + request.target;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.list);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "hongyan/" HONGYAN_VERSION);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->failure);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &received);
    const CURLcode code = curl_easy_perform(curl);
    curl_off_t connect_us = 0;
    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connect_us);
    was_connected_ = connect_us > 0;
    if (code != CURLE_OK) {
        return make_error(
            ErrorCode::outbound_failed,
            "No answer from " + options_.server + ": " + what_failed(code, handle_->failure) + ".");
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    Answer answer{static_cast<int>(status), std::move(received.headers), std::move(received.text),
                  nullptr};
    boost::json::error_code not_json;
    answer.body = boost::json::parse(answer.text, not_json);
    if (not_json) answer.body = nullptr;
    return answer;
}

std::string check_server_address(std::string_view text) {
    const auto mark = text.find("://");
    const auto scheme = text.substr(0, mark == text.npos ? 0 : mark);
    const auto rest = mark == text.npos ? text : text.substr(mark + 3);
    const bool is_plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
    const bool is_good = (mark == text.npos || scheme == "http" || scheme == "https") && is_plain &&
                         !rest.empty() && rest[0] != '/' && rest[0] != ':';
    return is_good ? ""
                   : "\"" + std::string(text) +
                         "\" is no server; write for example http://127.0.0.1:8000 or "
                         "https://hongyan.example.com.";
}

std::string url_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                              c == '~';
        if (is_plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return out;
}

std::string query_string(const std::vector<std::pair<std::string, std::string>>& pairs) {
    std::string out;
    for (const auto& [name, value] : pairs) {
        if (value.empty()) continue;
        out += (out.empty() ? "?" : "&") + url_encode(name) + "=" + url_encode(value);
    }
    return out;
}

Status probe_smtp(const SmtpProbe& probe) {
    const CurlHandle handle(curl_easy_init());
    HY_ASSERT(handle != nullptr);
    CURL* curl = handle.get();
    Received received;
    char failure[CURL_ERROR_SIZE] = {};
    const long tls = probe.tls == "required" ? CURLUSESSL_ALL
                     : probe.tls == "off"    ? CURLUSESSL_NONE
                                             : CURLUSESSL_TRY;
    curl_easy_setopt(curl, CURLOPT_URL, probe.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "NOOP");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, tls);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(probe.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, failure);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
    if (!probe.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, probe.ca_file.c_str());
    if (!probe.username.empty()) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, probe.username.c_str());
        curl_easy_setopt(curl, CURLOPT_PASSWORD, probe.password.c_str());
    }
    if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
        return make_error(ErrorCode::outbound_failed,
                          probe.url + ": " + what_failed(code, failure));
    }
    return Done{};
}

}  // namespace hongyan::app
