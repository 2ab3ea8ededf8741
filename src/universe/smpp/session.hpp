// Session: one connection to the simulated centre, plain or TLS: reads packets, answers logins and
// link checks itself, and hands submits to the Centre. Used on the centre's thread only; lives as
// long as an operation of it is under way.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "universe/smpp/asio.hpp"
#include "universe/smpp/packet.hpp"
#include "universe/smpp/rules.hpp"

namespace hongyan::universe::smpp {

class Centre;

class Session final : public std::enable_shared_from_this<Session> {
  public:
    Session(boost::asio::ip::tcp::socket socket, Centre& centre);

    void start();
    void close();
    [[nodiscard]] bool is_closed() const { return closed_; }
    [[nodiscard]] bool may_send() const {
        return bound_as_ != 0 && bound_as_ != command::bind_receiver;
    }
    [[nodiscard]] bool may_receive() const {
        return !closed_ && bound_as_ != 0 && bound_as_ != command::bind_transmitter;
    }
    [[nodiscard]] bool is_bound() const { return bound_as_ != 0; }
    [[nodiscard]] const std::string& system_id() const { return system_id_; }
    [[nodiscard]] const std::string& peer() const { return peer_; }

    void send(const Packet& packet);
    /// Asks the other side to leave.
    void say_goodbye();
    /// Half of its bytes, then the end.
    void send_half(const Packet& packet);
    /// Counts a submit against the second's allowance; false if there is none left.
    [[nodiscard]] bool take_allowance(std::int64_t now_us, std::int64_t per_second);
    void deliver(PendingReceipt receipt);
    [[nodiscard]] std::size_t delivering() const { return delivering_.size(); }
    /// Receipts whose answer did not come.
    [[nodiscard]] std::map<std::uint32_t, PendingReceipt> take_delivering() {
        return std::exchange(delivering_, {});
    }
    /// Asks for life, or gives up.
    void tick(std::int64_t now_us);

    std::size_t unanswered = 0;  ///< submits; the centre counts

  private:
    void sniff();
    void begin_tls();
    void read();
    void write();
    void take_packets();
    void handle(const Packet& packet);
    void log_in(const Packet& packet);
    void nack(std::uint32_t status, std::uint32_t sequence);

    Centre& centre_;
    boost::asio::ip::tcp::socket socket_;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;
    std::array<char, 65'536> received_{};
    std::string in_;
    std::string out_;
    std::string writing_;
    bool closed_ = false;
    bool reading_ = false;
    bool closing_ = false;  ///< once everything is written
    std::uint32_t bound_as_ = 0;
    std::string system_id_;
    std::string peer_;
    std::uint32_t sequence_ = 0;
    std::map<std::uint32_t, PendingReceipt> delivering_;
    std::int64_t heard_us_ = 0;
    std::int64_t asked_us_ = 0;
    std::int64_t second_us_ = 0;
    std::int64_t used_ = 0;
};

}  // namespace hongyan::universe::smpp
