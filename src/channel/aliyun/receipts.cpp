#include "channel/aliyun/receipts.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <ctime>
#include <optional>

#include "base/text.hpp"
#include "channel/aliyun/correlation.hpp"

namespace hongyan::aliyun {
namespace {

namespace json = boost::json;

/// The service pushes some hundreds at once; more is not from there.
constexpr std::size_t most_receipts = 5'000;

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr) return "";
    if (value->is_int64()) return std::to_string(value->get_int64());
    if (!value->is_string()) return "";
    return std::string(value->get_string().data(), value->get_string().size());
}

/// "2017-01-01 00:00:00" in China's time; 0 if it is not such a time.
std::int64_t china_time_ms(std::string text) {
    if (text.size() != 19 || text[10] != ' ') return 0;
    text[10] = 'T';
    return parse_rfc3339(text + "+08:00").value_or(0);
}

/// "Thu, 25 Nov 2021 10:27:33 +0800"; 0 if it is not such a time.
std::int64_t mail_time_ms(const std::string& text) {
    std::tm parts{};
    const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S %z", &parts);
    if (end == nullptr || *end != '\0') return 0;
    const long offset = parts.tm_gmtoff;
    return (static_cast<std::int64_t>(timegm(&parts)) - offset) * 1000;
}

std::optional<bool> success_at(const json::object& object) {
    const json::value* value = object.if_contains("success");
    if (value == nullptr) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    const std::string text = to_lower(text_at(object, "success"));
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<Receipt> mainland(const json::object& object) {
    const auto success = success_at(object);
    if (!success) return std::nullopt;
    Receipt receipt;
    receipt.status = *success ? MessageStatus::delivered : MessageStatus::failed;
    receipt.provider_message_id = text_at(object, "biz_id");
    receipt.message_id = message_id_in(text_at(object, "out_id"));
    receipt.code = text_at(object, "err_code");
    receipt.detail = text_at(object, "err_msg");
    receipt.at_ms = china_time_ms(text_at(object, "report_time"));
    return receipt;
}

std::optional<Receipt> international(const json::object& object) {
    const std::string status = text_at(object, "Status");
    Receipt receipt;
    if (status != "1" && status != "2" && status != "6") return std::nullopt;
    // 2 failed, 6 expired
    receipt.status = status == "1" ? MessageStatus::delivered : MessageStatus::failed;
    receipt.provider_message_id = text_at(object, "MessageId");
    receipt.message_id = message_id_in(text_at(object, "TaskId"));
    receipt.code = text_at(object, "ErrorCode");
    receipt.detail = text_at(object, "ErrorDescription");
    if (status == "6") receipt.detail += receipt.detail.empty() ? "expired" : " (expired)";
    receipt.at_ms = mail_time_ms(text_at(object, "ReceiveDate"));
    return receipt;
}

std::optional<Receipt> receipt_of(const json::value& element) {
    if (!element.is_object()) return std::nullopt;
    const json::object& object = element.get_object();
    auto receipt = object.contains("Status") ? international(object) : mainland(object);
    const bool names_one =
        receipt && (receipt->message_id != 0 || !receipt->provider_message_id.empty());
    return names_one ? receipt : std::nullopt;
}

}  // namespace

Result<std::vector<Receipt>> read_receipts(std::string_view body) {
    boost::system::error_code error;
    const json::value parsed = json::parse(body, error);
    if (error || !parsed.is_array()) {
        return make_error(ErrorCode::bad_request, "The body is not a JSON array of receipts.");
    }
    const json::array& elements = parsed.get_array();
    if (elements.size() > most_receipts) {
        return make_error(ErrorCode::bad_request, "The body holds more than 5000 receipts.");
    }
    std::vector<Receipt> receipts;
    for (const json::value& element : elements) {
        if (auto receipt = receipt_of(element)) receipts.push_back(std::move(*receipt));
    }
    if (receipts.empty() && !elements.empty()) {
        return make_error(ErrorCode::bad_request, "No element of the body is a receipt.");
    }
    return receipts;
}

}  // namespace hongyan::aliyun
