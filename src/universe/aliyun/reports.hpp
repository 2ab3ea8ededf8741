// The receipts of the simulated service: what became of each message, pushed as SmsReport and asked
// for by QuerySendDetails. Safe from every thread.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "universe/core/world.hpp"

namespace hongyan::universe::aliyun {

/// One message to one number.
struct Record {
    std::string phone;  ///< "+8613800138000"
    std::string biz_id;
    std::string out_id;
    std::string template_code;
    std::string content;
    std::int64_t sent_ms = 0;
    std::int64_t reported_ms = 0;  ///< 0 = no receipt yet
    bool delivered = false;
};

class Reports {
  public:
    /// Remembers the message and lets its receipt go out as World::draw_receipt says.
    void add(World& world, Record record);

    struct Query {
        std::string phone;
        std::string biz_id;  ///< "" = all
        std::string day;     ///< "20261123" in China
    };
    /// Newest first.
    [[nodiscard]] std::vector<Record> find(const Query& query);

  private:
    /// The receipt is due: QuerySendDetails tells it from now on.
    void note(const Record& record);

    std::mutex mutex_;
    std::deque<Record> records_;
};

/// "2026-11-23 08:00:00" in China.
[[nodiscard]] std::string china_time(std::int64_t unix_ms);

}  // namespace hongyan::universe::aliyun
