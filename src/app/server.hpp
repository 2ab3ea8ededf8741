// Server: all parts of the program, built in order and stopped in reverse; the one place that names
// engines and channels. Used from the main thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "base/result.hpp"
#include "config/settings.hpp"

namespace hongyan::config {
struct Loaded;
}

namespace hongyan::app {

/// Name of the database inside the data folder.
inline constexpr std::string_view database_name = "hongyan.db";

class Server {
  public:
    /// Ready for requests when it returns. settings, log and loaded must outlive the server; loaded
    /// (where the settings came from) is only shown, null: not known.
    static Result<std::unique_ptr<Server>> start(const config::Settings& settings, Log& log,
                                                 const config::Loaded* loaded = nullptr);
    ~Server();

    /// Answers what was asked, lets attempts under way come back, writes everything down.
    void stop();
    /// "http://localhost:8000"
    [[nodiscard]] const std::string& url() const;
    [[nodiscard]] const std::string& data_dir() const;
    /// The administrator's key if this start made one, else "".
    [[nodiscard]] const std::string& new_admin_key() const;
    /// The store failed for good, and the process must be started again, or it did not take the
    /// last outcomes at the stop.
    [[nodiscard]] bool store_lost() const;

  private:
    struct Parts;
    explicit Server(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

/// The API's OpenAPI document; needs no running server.
[[nodiscard]] std::string openapi_text();

}  // namespace hongyan::app
