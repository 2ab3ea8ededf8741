#include "universe/tencent/reports.hpp"

#include <array>

#include "base/text.hpp"
#include "universe/core/receipts.hpp"

namespace hongyan::universe::tencent {
namespace {

constexpr std::size_t most_waiting = 20'000;
constexpr int push_tries = 4;
/// Enough country codes for numbers that tests use; others count as three digits.
constexpr std::array<std::string_view, 16> country_codes{
    "86", "1", "7", "44", "49", "33", "39", "34", "81", "82", "65", "60", "61", "91", "55", "62"};

std::string report_json(const World& world, const Record& record) {
    const NumberParts parts = parts_of(record.phone);
    std::string json = R"([{"user_receive_time":")" + china_time(record.reported_ms) +
                       R"(","nationcode":)" + json_quoted(parts.nation_code) + R"(,"mobile":)" +
                       json_quoted(parts.mobile) + R"(,"report_status":")" +
                       (record.delivered ? "SUCCESS" : "FAIL") + R"(","errmsg":")" +
                       (record.delivered ? "DELIVRD" : "MK:0001") + R"(","description":")" +
                       (record.delivered ? "用户短信送达成功" : "空号") + R"(","sid":)" +
                       json_quoted(record.serial_no);
    // Newer accounts get it back, older ones do not.
    if (world.setting("tencent", "receipts_with_ext") == "true") {
        json += R"(,"ext":)" + json_quoted(record.session_context);
    }
    return json + "}]";
}

/// The URL without what makes it secret: the receipt of somebody who only guessed the address.
std::string without_secret(const std::string& url) {
    if (url.empty()) return "";
    const auto query = url.find('?');
    if (query != std::string::npos) return url.substr(0, query);
    return url.substr(0, url.rfind('/') + 1) + "guessed";
}

OutboundRequest push_of(const World& world, std::string url, const Record& record) {
    OutboundRequest request;
    request.url = std::move(url);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = report_json(world, record);
    return request;
}

}  // namespace

NumberParts parts_of(std::string_view phone) {
    const std::string digits(phone.substr(phone.starts_with('+') ? 1 : 0));
    for (const std::string_view code : country_codes) {
        if (digits.starts_with(code)) {
            return {std::string(code), digits.substr(code.size())};
        }
    }
    return {digits.substr(0, 3), digits.size() > 3 ? digits.substr(3) : ""};
}

std::string china_time(std::int64_t unix_ms) {
    std::string text = format_rfc3339(unix_ms + 8 * 3'600'000).substr(0, 19);
    text[10] = ' ';
    return text;
}

void Reports::add(World& world, Record record) {
    const ReceiptFate fate = world.draw_receipt("tencent", record.phone);
    record.delivered = !fate.fails;
    record.reported_ms = world.clock().now_ms() + (fate.early ? 0 : fate.delay.count());
    world.later(fate.early ? Millis(0) : fate.delay, [this, record] { keep(record); });
    const auto make = [&world, record](const ReceiptForm& form) {
        const std::string url = world.setting("tencent", "callback_url");
        return push_of(world, form.forged ? without_secret(url) : url, record);
    };
    send_receipt(world, fate, make, push_tries);
}

void Reports::keep(const Record& record) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(record);
    if (waiting_.size() > most_waiting) waiting_.pop_front();
    reported_.push_back(record);
    if (reported_.size() > most_waiting) reported_.pop_front();
}

std::vector<Record> Reports::pull(std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::vector<Record> taken;
    while (!waiting_.empty() && taken.size() < limit) {
        taken.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return taken;
}

std::vector<Record> Reports::of(const std::string& phone, Span span) {
    const std::lock_guard lock(mutex_);
    std::vector<Record> found;
    for (const Record& record : reported_) {
        if (record.phone == phone && record.reported_ms >= span.from_ms &&
            record.reported_ms <= span.until_ms)
            found.push_back(record);
    }
    return found;
}

}  // namespace hongyan::universe::tencent
