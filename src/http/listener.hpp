// Listener: binds the server's addresses and deals accepted connections out to the workers in turn.
// Accepts on the first worker's thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "http/server_context.hpp"

namespace hongyan::http {

class Worker;

class Listener {
  public:
    using Tcp = boost::asio::ip::tcp;
    Listener(std::shared_ptr<ServerContext> context, std::vector<std::shared_ptr<Worker>> workers);

    /// Binds all addresses of options.host, or none.
    [[nodiscard]] Status open();
    [[nodiscard]] int port() const { return port_; }
    /// After open().
    void start();
    /// Takes effect on the first worker's thread, before what is posted there afterwards.
    void stop();

  private:
    struct Socket {
        Tcp::acceptor acceptor;
        Tcp::endpoint peer;   ///< of the connection being accepted
        bool paused = false;  ///< waits for pause_
    };
    [[nodiscard]] Status bind(const boost::asio::ip::address& address, bool required);
    void accept(Socket& socket);
    void accepted(Socket& socket, Worker& worker, Tcp::socket client);
    void accept_failed(Socket& socket, const boost::system::error_code& error);

    const std::shared_ptr<ServerContext> context_;
    const std::vector<std::shared_ptr<Worker>> workers_;
    std::list<Socket> sockets_;
    boost::asio::steady_timer pause_;  ///< after an accept that failed for lack of descriptors
    std::size_t next_worker_ = 0;
    int port_ = 0;
};

}  // namespace hongyan::http
