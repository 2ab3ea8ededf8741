// Centre: the simulated short message centre: takes connections on loopback, judges submits as real
// centres do, joins the parts of long messages into one arrival, and sends receipts, also to a
// session that comes later. One thread of its own does everything; start() and stop() may come from
// any other.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "universe/core/world.hpp"
#include "universe/smpp/asio.hpp"
#include "universe/smpp/handset.hpp"
#include "universe/smpp/packet.hpp"
#include "universe/smpp/rules.hpp"
#include "universe/smpp/session.hpp"

namespace hongyan::universe::smpp {

class Centre final {
  public:
    explicit Centre(World& world);
    ~Centre();

    Result<int> start(int port);
    void stop();

    // For its sessions, on its thread.
    [[nodiscard]] const Rules& rules() const { return rules_; }
    [[nodiscard]] std::int64_t now_us() const { return world_.clock().steady_us(); }
    [[nodiscard]] bool can_tls() const { return tls_.has_value(); }
    [[nodiscard]] boost::asio::ssl::context& tls_context() { return *tls_; }
    [[nodiscard]] std::size_t bound_sessions() const;
    void on_login();
    void on_submit(const std::shared_ptr<Session>& session, const Packet& packet);
    void on_query(Session& session, const Packet& packet);
    void on_delivered(PendingReceipt receipt, bool taken);
    void on_closed(const std::shared_ptr<Session>& session);

  private:
    void prepare_tls();
    void accept();
    void tick();
    void after(Millis pause, UniqueFunction<void()> work);
    [[nodiscard]] std::uint32_t judge(const Session& session, const Submit& submit) const;
    void settle_submit(const std::shared_ptr<Session>& session, const Packet& packet,
                       const Submit& submit, const Fate& fate);
    void note(const Session& session, const Submit& submit, const Part& part, std::uint64_t number,
              const Packet& packet);
    void answer(Session& session, const Packet& packet, std::uint32_t status,
                const std::string& message_id, bool half);
    /// Receipts that must leave before the answer are put into early; the others wait their time.
    void plan_receipts(const Session& session, const Submit& submit, std::uint64_t number,
                       std::vector<PendingReceipt>& early);
    void hand_out_receipts();

    World& world_;
    Rules rules_;
    std::int64_t rules_read_us_ = 0;
    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_{context_};
    boost::asio::steady_timer timer_{context_};
    std::optional<boost::asio::ssl::context> tls_;
    std::set<std::shared_ptr<Session>> sessions_;
    Assembler assembler_;
    std::deque<PendingReceipt> ready_;
    std::map<std::string, Fortune> fortunes_;  ///< by id, for query_sm
    std::deque<std::string> fortune_order_;
    std::thread thread_;
};

}  // namespace hongyan::universe::smpp
