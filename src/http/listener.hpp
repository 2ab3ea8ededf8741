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
    /// Takes whoever has come already, then closes: a client whose connection the system made would
    /// see it reset otherwise. Waits for the first worker, so not on its thread; what is posted to
    /// workers afterwards finds these connections there.
    void stop();

  private:
    struct Socket {
        Tcp::acceptor acceptor;
        Tcp::endpoint peer;   ///< of the connection being accepted
        bool paused = false;  ///< waits for pause_
    };
    [[nodiscard]] Status bind(const boost::asio::ip::address& address, bool required);
    void accept(Socket& socket);
    void accepted(const Tcp::endpoint& from, Worker& worker, Tcp::socket client);
    void take_waiting(Socket& socket);
    void accept_failed(Socket& socket, const boost::system::error_code& error);

    const std::shared_ptr<ServerContext> context_;
    const std::vector<std::shared_ptr<Worker>> workers_;
    std::list<Socket> sockets_;
    boost::asio::steady_timer pause_;  ///< after an accept that failed for lack of descriptors
    std::size_t next_worker_ = 0;
    int port_ = 0;
};

}  // namespace hongyan::http
