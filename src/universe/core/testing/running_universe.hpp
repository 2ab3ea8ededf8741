// For tests of services: a Universe that runs on free ports in a folder of its own, with an
// Outbound that keeps receipts instead of sending them, or answers them as the test says; and a
// blocking client that sends bytes as they are given and reads what comes. Header only; one thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/guarded.hpp"
#include "universe/core/universe.hpp"

namespace hongyan::universe::testing {

/// Keeps every request and answers 200, or what answer gives; from the calling thread.
class KeptOutbound final : public Outbound {
  public:
    void call(OutboundRequest request, OutboundDone done) override {
        OutboundReply reply;
        reply.end = CallEnd::answered;
        reply.status = answer ? answer(request) : 200;
        {
            auto kept = kept_.lock();
            kept->push_back(std::move(request));
        }
        came_.notify_all();
        done(std::move(reply));
    }
    /// Waits until so many came (10 s at most) and gives all that came.
    [[nodiscard]] std::vector<OutboundRequest> wait_for(std::size_t count) {
        auto kept = kept_.lock();
        came_.wait_for(kept.lock(), std::chrono::seconds(10),
                       [&] { return kept->size() >= count; });
        return *kept;
    }
    std::function<int(const OutboundRequest&)> answer;  ///< set before the first call

  private:
    Guarded<std::vector<OutboundRequest>> kept_;
    std::condition_variable came_;
};

/// A connection of the test's own.
class RawClient {
  public:
    explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(port));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        HY_ASSERT(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0);
        const timeval limit{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    ~RawClient() { ::close(socket_); }

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// All that comes until the peer closes, or until it holds mark so many times.
    [[nodiscard]] std::string read(std::string_view mark = "", std::size_t times = 1) {
        std::string all;
        char buffer[4096];
        while (mark.empty() || count(all, mark) < times) {
            const auto got = ::recv(socket_, buffer, sizeof(buffer), 0);
            closed_ = got == 0 || (got < 0 && errno == ECONNRESET);
            if (got <= 0) break;
            all.append(buffer, static_cast<std::size_t>(got));
        }
        return all;
    }
    /// True if the last read() ended because the peer closed.
    [[nodiscard]] bool was_closed() const { return closed_; }
    /// True if nothing at all comes within the time and the connection stays open.
    [[nodiscard]] bool is_silent(std::chrono::milliseconds time) {
        const timeval limit{0, static_cast<suseconds_t>(time.count() * 1000)};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        char byte = 0;
        return ::recv(socket_, &byte, 1, 0) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

  private:
    static std::size_t count(std::string_view text, std::string_view mark) {
        std::size_t found = 0;
        for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + mark.size()))
            ++found;
        return found;
    }
    const int socket_;
    bool closed_ = false;
};

class RunningUniverse {
  public:
    explicit RunningUniverse(ServiceList services, const std::string& toml = "",
                             UniverseOptions options = {}, Universe::Sink sink = {}) {
        std::string pattern = (std::filesystem::temp_directory_path() / "universe-XXXXXX").string();
        HY_ASSERT(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
        options.http_port = options.https_port = 0;
        options.any_wire_ports = true;
        options.data_dir = pattern;
        if (!toml.empty()) {
            options.file = pattern + "/universe.toml";
            std::ofstream(options.file) << toml;
        }
        auto started = Universe::start(std::move(options), std::move(services), outbound_, clock_,
                                       log_, std::move(sink));
        if (!started) log_.error("universe", {{"reason", started.error().detail}});
        HY_ASSERT(started.ok());
        universe_ = std::move(*started);
    }
    RunningUniverse(const RunningUniverse&) = delete;
    RunningUniverse& operator=(const RunningUniverse&) = delete;
    ~RunningUniverse() {
        universe_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    Universe& operator*() { return *universe_; }
    Universe* operator->() { return universe_.get(); }
    [[nodiscard]] KeptOutbound& outbound() { return outbound_; }
    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] int port() const {
        const std::string url = universe_->http_url();
        return std::stoi(url.substr(url.rfind(':') + 1));
    }
    /// Sends one HTTP/1.1 request on a connection of its own and gives the whole answer.
    [[nodiscard]] std::string ask(std::string_view method, std::string_view path,
                                  std::string_view body = "", std::string_view headers = "") const {
        RawClient client(port());
        client.send(std::string(method) + " " + std::string(path) +
                    " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: " +
                    std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" +
                    std::string(body));
        return client.read();
    }

  private:
    std::filesystem::path folder_;
    KeptOutbound outbound_;
    SystemClock clock_;
    Log log_{LogLevel::error};
    std::unique_ptr<Universe> universe_;
};

}  // namespace hongyan::universe::testing
