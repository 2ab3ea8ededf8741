#include "universe/aliyun/reports.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "universe/core/receipts.hpp"

namespace hongyan::universe::aliyun {
namespace {

/// For QuerySendDetails; older ones are forgotten.
constexpr std::size_t most_records = 20'000;
/// The service pushes again after 1, 5 and 10 minutes, then drops the receipt.
constexpr int push_tries = 4;

std::string report_json(const Record& record) {
    const std::string_view number = record.phone;
    const bool mainland = number.starts_with("+86");
    return R"([{"phone_number":)" + json_quoted(number.substr(mainland ? 3 : 1)) +
           R"(,"send_time":")" + china_time(record.sent_ms) + R"(","report_time":")" +
           china_time(record.reported_ms) + R"(","success":)" +
           (record.delivered ? "true" : "false") + R"(,"err_code":")" +
           (record.delivered ? "DELIVERED" : "MOBILE_NOT_ON_SERVICE") + R"(","err_msg":")" +
           (record.delivered ? "用户接收成功" : "手机停机或空号") +
           R"(","sms_size":"1","biz_id":)" + json_quoted(record.biz_id) + R"(,"out_id":)" +
           json_quoted(record.out_id) + "}]";
}

/// The URL without what makes it secret: the receipt of somebody who only guessed the address.
std::string without_secret(const std::string& url) {
    if (url.empty()) return "";
    const auto query = url.find('?');
    if (query != std::string::npos) return url.substr(0, query);
    return url.substr(0, url.rfind('/') + 1) + "guessed";
}

OutboundRequest push_of(std::string url, const Record& record) {
    OutboundRequest request;
    request.url = std::move(url);
    request.headers = {{"Content-Type", "application/json;charset=utf-8"}};
    request.body = report_json(record);
    return request;
}

}  // namespace

std::string china_time(std::int64_t unix_ms) {
    std::string text = format_rfc3339(unix_ms + 8 * 3'600'000).substr(0, 19);
    text[10] = ' ';
    return text;
}

void Reports::add(World& world, Record record) {
    {
        const std::lock_guard lock(mutex_);
        records_.push_front(record);
        if (records_.size() > most_records) records_.pop_back();
    }
    const ReceiptFate fate = world.draw_receipt("aliyun", record.phone);
    record.delivered = !fate.fails;
    record.reported_ms = world.clock().now_ms() + (fate.early ? 0 : fate.delay.count());
    world.later(fate.early ? Millis(0) : fate.delay, [this, record] { note(record); });
    const auto make = [&world, record](const ReceiptForm& form) {
        const std::string url = world.setting("aliyun", "callback_url");
        return push_of(form.forged ? without_secret(url) : url, record);
    };
    send_receipt(world, fate, make, push_tries);
}

void Reports::note(const Record& record) {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(records_.begin(), records_.end(), [&](const Record& r) {
        return r.biz_id == record.biz_id && r.phone == record.phone;
    });
    if (found != records_.end()) *found = record;
}

std::vector<Record> Reports::find(const Query& query) {
    const std::lock_guard lock(mutex_);
    std::vector<Record> found;
    for (const Record& record : records_) {
        std::string day = china_time(record.sent_ms).substr(0, 10);
        std::erase(day, '-');
        const bool fits = record.phone == query.phone && day == query.day &&
                          (query.biz_id.empty() || record.biz_id == query.biz_id);
        if (fits) found.push_back(record);
    }
    return found;
}

}  // namespace hongyan::universe::aliyun
