// ServerSession: one connection to the simulated mail server: reads, lets the dialogue judge,
// writes its answers after their pauses, and turns to TLS. On the server's thread.
#pragma once

#include "universe/mail/asio.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "universe/mail/dialogue.hpp"

namespace hongyan::universe::mail {

class Server;

// shared: the socket's handlers keep it.
class ServerSession : public std::enable_shared_from_this<ServerSession> {
  public:
    ServerSession(boost::asio::ip::tcp::socket socket, Server& server, Rules rules);
    void start();
    void close();

  private:
    void greet();
    void begin_tls(bool implicit);
    void read();
    void go_on();
    void take(Step step);
    void apply(Step step);
    void write_then(Step::Then then);
    void wait_for_silence();
    void end();

    boost::asio::ip::tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    boost::asio::steady_timer pause_;
    boost::asio::steady_timer silence_;
    Server& server_;
    const TlsOffer offer_;
    Dialogue dialogue_;
    std::array<char, 32 * 1024> room_;
    std::string out_;
    bool closed_ = false;
};

}  // namespace hongyan::universe::mail
