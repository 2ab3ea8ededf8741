// Server: the simulated mail server's socket side: listens on loopback, gives each connection a
// Dialogue, carries bytes, TLS and pauses. All on one thread of its own; start() and stop() from
// one other.
#pragma once

#include "universe/mail/asio.hpp"

#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "universe/mail/post_office.hpp"

namespace hongyan::universe::mail {

class ServerSession;

class Server {
  public:
    explicit Server(World& world);
    ~Server();
    /// Gives the port. Errors: io_failed.
    [[nodiscard]] Result<int> start(int port);
    void stop();

    // For its sessions, on its thread.
    [[nodiscard]] PostOffice& office() { return office_; }
    [[nodiscard]] boost::asio::ssl::context* tls() { return tls_ ? &*tls_ : nullptr; }
    void ended(const std::shared_ptr<ServerSession>& session) { sessions_.erase(session); }

  private:
    void accept();
    void prepare_tls();

    World& world_;
    PostOffice office_;
    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_{context_};
    boost::asio::steady_timer pause_{context_};
    std::optional<boost::asio::ssl::context> tls_;
    std::set<std::shared_ptr<ServerSession>> sessions_;
    std::thread thread_;
};

}  // namespace hongyan::universe::mail
