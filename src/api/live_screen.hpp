// LiveScreen: one live connection. Its socket's thread calls the SocketHandler's part, the hub's
// thread the rest.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "api/live_feed.hpp"
#include "api/live_hub.hpp"

namespace hongyan::api {

class LiveScreen final : public http::SocketHandler,
                         public std::enable_shared_from_this<LiveScreen> {
  public:
    LiveScreen(LiveHub& hub, std::int64_t tenant, std::int64_t key, std::string client_address)
        : tenant_id(tenant), key_id(key), address(std::move(client_address)), hub_(hub) {}

    void opened(std::shared_ptr<http::WebSocket> socket) override;
    void received(std::string_view text) override;
    void closed() override;

    /// Gives it what it lacks: a delta if it has kept up, else a snapshot.
    void serve(LiveFeed& feed);
    /// True if it wants anything at this moment.
    [[nodiscard]] bool wants_updates() const;
    void close(http::CloseCode code, std::string_view reason);

    const std::int64_t tenant_id;
    const std::int64_t key_id;
    const std::string address;

  private:
    [[nodiscard]] bool is_too_chatty();
    void complain(std::string_view detail);

    LiveHub& hub_;
    std::int64_t chat_second_ = 0;  ///< of the socket's thread only
    int chat_count_ = 0;

    mutable std::mutex mutex_;
    // Under mutex_:
    std::shared_ptr<http::WebSocket> socket_;
    bool paused_ = false;
    bool behind_ = true;      ///< needs a snapshot
    bool wants_one_ = false;  ///< asked for a snapshot while paused
    std::string complaint_;
};

}  // namespace hongyan::api
