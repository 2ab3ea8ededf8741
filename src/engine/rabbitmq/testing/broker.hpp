// For tests: the broker that ctest started, queues of a test's own on it, and what an operator does
// to it. Started by hand with test/cluster/rabbitmq.py start FOLDER (the failure of a test says
// which). Not thread-safe.
#pragma once

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "contract/testing/child_process.hpp"
#include "engine/local/queue.hpp"
#include "engine/rabbitmq/connection.hpp"
#include "engine/rabbitmq/queue.hpp"

namespace hongyan::rabbitmq {

class Broker {
  public:
    Broker() {
        std::ifstream note(folder() + "/broker.env");
        for (std::string line; std::getline(note, line);)
            values_[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
        if (values_["PORT"].empty()) {
            throw std::runtime_error("no broker runs; ctest starts one, or by hand: " + script() +
                                     " start " + folder());
        }
    }
    static std::string folder() { return HONGYAN_RABBITMQ_FOLDER; }
    static std::string script() { return HONGYAN_SOURCE_DIR "/test/cluster/rabbitmq.py"; }
    int port() { return std::stoi(values_["PORT"]); }
    int tls_port() { return std::stoi(values_["TLS_PORT"]); }
    std::string ca() { return values_["CA"]; }
    static void run(const std::string& what, const std::string& arguments = "") {
        const auto command = script() + " " + what + " " + folder() + " " + arguments;
        if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
    }
    static void ctl(const std::string& arguments) { run("ctl", arguments); }

  private:
    std::map<std::string, std::string> values_;
};

/// A connection of the test's own, for what operators and other programs do to queues.
class Operator {
  public:
    explicit Operator(int port) {
        Options options;
        options.hosts = {{"127.0.0.1", port}};
        auto opened = Connection::open(options, options.hosts[0], "test");
        if (!opened) throw std::runtime_error(opened.error().detail);
        connection_ = std::move(*opened);
        if (!connection_->open_channel(side_channel)) throw std::runtime_error("no channel");
        raw_ = amqp_new_connection();
        auto* socket = amqp_tcp_socket_new(raw_);
        if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK)
            throw std::runtime_error("no connection");
        amqp_login(raw_, "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        amqp_channel_open(raw_, 1);
    }
    Operator(const Operator&) = delete;
    Operator& operator=(const Operator&) = delete;
    ~Operator() {
        connection_->close();
        amqp_connection_close(raw_, AMQP_REPLY_SUCCESS);
        amqp_destroy_connection(raw_);
    }
    void remove(const std::string& queue) { amqp_queue_delete(raw_, 1, name(queue), 0, 0); }
    void purge(const std::string& queue) { amqp_queue_purge(raw_, 1, name(queue)); }
    std::int64_t ready(const std::string& queue) {
        auto found = connection_->look(queue);
        return found && *found ? (*found)->ready : -1;
    }
    /// A classic queue; number arguments only, and x-overflow.
    void make_classic(const std::string& queue, const std::map<std::string, int>& numbers = {},
                      const char* overflow = nullptr) {
        std::vector<amqp_table_entry_t> entries;
        for (const auto& [key, value] : numbers) {
            amqp_table_entry_t one{};
            one.key = amqp_cstring_bytes(key.c_str());
            one.value.kind = AMQP_FIELD_KIND_I32;
            one.value.value.i32 = value;
            entries.push_back(one);
        }
        if (overflow != nullptr) {
            amqp_table_entry_t one{};
            one.key = amqp_cstring_bytes("x-overflow");
            one.value.kind = AMQP_FIELD_KIND_UTF8;
            one.value.value.bytes = amqp_cstring_bytes(overflow);
            entries.push_back(one);
        }
        amqp_queue_declare(raw_, 1, name(queue), 0, 1, 0, 0,
                           {static_cast<int>(entries.size()), entries.data()});
        const auto reply = amqp_get_rpc_reply(raw_);
        if (reply.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error("not declared");
    }
    void put(const std::string& queue, const std::string& body) {
        amqp_basic_publish(raw_, 1, amqp_empty_bytes, name(queue), 0, 0, nullptr, name(body));
    }

  private:
    static amqp_bytes_t name(const std::string& text) {
        return {text.size(), const_cast<char*>(text.data())};
    }
    std::unique_ptr<Connection> connection_;
    amqp_connection_state_t raw_ = nullptr;
};

/// Options for a test: queues of its own, and short times.
inline Options test_options(int port) {
    static std::atomic<int> count{0};
    Options options;
    options.hosts = {{"127.0.0.1", port}};
    options.prefix = "test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    options.depth_every = Millis(50);
    options.shortest_pause = Millis(20);
    options.longest_pause = Millis(200);
    options.connect_timeout = Millis(2'000);
    return options;
}

inline void remove_queues(Operator& by, const Options& options) {
    for (const auto& band : options.bands()) by.remove(band.queue);
    by.remove(options.dead_queue());
}

}  // namespace hongyan::rabbitmq
