#include "http/server.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "http/listener.hpp"
#include "http/worker.hpp"

namespace hongyan::http {

struct Server::Impl {
    // shared: Responders may outlive the server, and need the error writer and the routes.
    std::shared_ptr<ServerContext> context;
    std::vector<std::shared_ptr<Worker>> workers;
    std::unique_ptr<Listener> listener;
    std::mutex stop_mutex;  ///< two stop() at a time: both return when the server has stopped
    bool stopped = false;   ///< under stop_mutex
    std::atomic<int> port{0};
    std::atomic<bool> running{false};
};

Server::Server(ServerOptions options, Router router, ErrorWriter error_writer, const Clock& clock)
    : impl_(std::make_unique<Impl>()) {
    HY_ASSERT(error_writer != nullptr);
    options.io_threads = std::max(options.io_threads, 1);
    options.pipeline_depth = std::max<std::size_t>(options.pipeline_depth, 1);
    impl_->context = std::shared_ptr<ServerContext>(
        new ServerContext{std::move(options), std::move(router), std::move(error_writer), clock});
    for (int i = 0; i < impl_->context->options.io_threads; ++i) {
        impl_->workers.push_back(std::make_shared<Worker>(impl_->context));
    }
    impl_->listener = std::make_unique<Listener>(impl_->context, impl_->workers);
}

Server::~Server() { stop(); }

Status Server::check_address(const ServerOptions& options, const Clock& clock) {
    const Server probe(
        options, {}, [](const auto&...) { return Response(); }, clock);
    return probe.impl_->listener->open();
}

void Server::set_log(Log& log) {
    HY_ASSERT(!impl_->running);
    impl_->context->log = &log;
}

void Server::set_access_log(AccessLog access_log) {
    HY_ASSERT(!impl_->running);
    impl_->context->access_log = std::move(access_log);
}

Status Server::start() {
    HY_ASSERT(!impl_->running);
    if (Status opened = impl_->listener->open(); !opened) return opened;
    impl_->port = impl_->listener->port();
    impl_->running = true;
    impl_->listener->start();
    for (const auto& worker : impl_->workers) worker->start();
    return Done{};
}

int Server::port() const { return impl_->port; }

void Server::stop() {
    if (!impl_->running) return;
    for (const auto& worker : impl_->workers) HY_ASSERT(!worker->is_this_thread());
    const std::lock_guard lock(impl_->stop_mutex);
    if (!std::exchange(impl_->stopped, true)) {
        impl_->listener->stop();
        for (const auto& worker : impl_->workers) worker->request_stop();
    }
    for (const auto& worker : impl_->workers) worker->join();
}

ServerStats Server::stats() const {
    ServerStats stats;
    for (const auto& worker : impl_->workers) {
        const WorkerCounters& counters = worker->counters();
        stats.connections += counters.connections;
        stats.sockets += counters.sockets;
        stats.connections_accepted += counters.accepted;
        stats.connections_refused += counters.refused;
        for (std::size_t i = 0; i < stats.requests.size(); ++i) {
            stats.requests[i] += counters.requests[i];
        }
        stats.in_flight += counters.in_flight;
        stats.bytes_received += counters.bytes_received;
        stats.bytes_sent += counters.bytes_sent;
        stats.wakes += counters.wakes;
    }
    return stats;
}

}  // namespace hongyan::http
