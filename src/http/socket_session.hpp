// SocketSession: one WebSocket on its worker's thread, from the 101 to the end of its TCP
// connection; frames by Beast. Made by a Connection that gives its socket away, listed by its
// worker until it ends. send() and close() of WebSocket are safe from every thread, all else runs
// on the worker's own.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "http/connection_limits.hpp"
#include "http/web_socket.hpp"

namespace hongyan::http {

class Worker;

class SocketSession : public WebSocket {
  public:
    /// Writes the 101 and begins to read. request is not used after the call.
    static std::shared_ptr<SocketSession> start(Worker& worker, boost::asio::ip::tcp::socket socket,
                                                ConnectionLimits::Place place,
                                                const Request& request,
                                                std::shared_ptr<SocketHandler> handler);
    /// The server stops: says so to the client and closes.
    virtual void stop() = 0;
    /// Ends without another word.
    virtual void cut() = 0;
};

}  // namespace hongyan::http
