// The receipts of the simulated service: pushed to the callback URL and kept for PullSmsSendStatus
// and, by number, for PullSmsSendStatusByPhoneNumber.
// Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "universe/core/world.hpp"

namespace hongyan::universe::tencent {

/// One message to one number.
struct Record {
    std::string phone;  ///< "+8613800138000"
    std::string serial_no;
    std::string session_context;
    std::int64_t reported_ms = 0;
    bool delivered = false;
};

class Reports {
  public:
    /// Lets the message's receipt go out as World::draw_receipt says.
    void add(World& world, Record record);
    /// Takes the oldest receipts that were not taken yet.
    [[nodiscard]] std::vector<Record> pull(std::size_t limit);
    /// Those of one number reported in that time, oldest first, taken or not.
    struct Span {
        std::int64_t from_ms = 0;
        std::int64_t until_ms = 0;
    };
    [[nodiscard]] std::vector<Record> of(const std::string& phone, Span span);

  private:
    /// The receipt is due: PullSmsSendStatus gives it from now on.
    void keep(const Record& record);

    std::mutex mutex_;
    std::deque<Record> waiting_;
    std::deque<Record> reported_;  ///< the newest of all
};

/// A number as receipts write it: country code and the rest.
struct NumberParts {
    std::string nation_code;
    std::string mobile;
};
[[nodiscard]] NumberParts parts_of(std::string_view phone);

/// "2026-11-23 08:00:00" in China.
[[nodiscard]] std::string china_time(std::int64_t unix_ms);

}  // namespace hongyan::universe::tencent
