// A real redis-server for tests: free port of 127.0.0.1, temporary folder, nothing kept on disk.
// Shared by all tests of a program that do not damage it: shared_redis() starts one at the first
// call and empties it at each.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "contract/testing/child_process.hpp"
#include "engine/redis/client.hpp"

namespace hongyan::redis {

class RedisServer {
  public:
    explicit RedisServer(std::vector<std::string> options = {}, int port = suite::free_port())
        : port_(port),
          process_(command(std::move(options)), "redis-server", folder_.path() / "output") {
        process_.start_and_wait(port_);
    }
    [[nodiscard]] int port() const { return port_; }
    suite::ChildProcess& process() { return process_; }
    void kill() { process_.kill(); }
    void start() { process_.start_and_wait(port_); }

  private:
    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> options) const {
        std::vector<std::string> words{"redis-server",
                                       "--port",
                                       std::to_string(port_),
                                       "--bind",
                                       "127.0.0.1",
                                       "--save",
                                       "",
                                       "--appendonly",
                                       "no",
                                       "--dir",
                                       folder_.path().string()};
        words.insert(words.end(), options.begin(), options.end());
        return words;
    }

    suite::TemporaryFolder folder_;
    const int port_;
    suite::ChildProcess process_;
};

/// A client of a server, started and up.
class TestClient {
  public:
    explicit TestClient(int port, LinkOptions options = {}) : client_(at(port, options), log_) {
        client_.start();
        if (!client_.wait_up(Millis(20'000)))
            throw std::runtime_error("no Redis at port " + std::to_string(port));
    }
    Client& operator*() { return client_; }
    Client* operator->() { return &client_; }

    static LinkOptions at(int port, LinkOptions options) {
        options.address.host = "127.0.0.1";
        options.address.port = std::to_string(port);
        options.retry_first = Millis(10);
        options.retry_most = Millis(100);
        return options;
    }

  private:
    Log log_{LogLevel::error, Log::Format::logfmt, -1};
    Client client_;
};

/// One server for all tests of this program, empty.
inline RedisServer& shared_redis() {
    static RedisServer server;
    TestClient client(server.port());
    if (!client->ask({"FLUSHALL"})) throw std::runtime_error("FLUSHALL failed");
    return server;
}

}  // namespace hongyan::redis
