#include "channel/tencent/receipts.hpp"

#include <boost/json/parse.hpp>
#include <optional>

#include "base/text.hpp"
#include "channel/tencent/correlation.hpp"

namespace hongyan::tencent {
namespace {

namespace json = boost::json;

constexpr std::size_t most_receipts = 5'000;

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr) return "";
    if (value->is_int64()) return std::to_string(value->get_int64());
    if (!value->is_string()) return "";
    return std::string(value->get_string().data(), value->get_string().size());
}

/// "2015-10-17 08:03:04" in China's time; 0 if it is not such a time.
std::int64_t china_time_ms(std::string text) {
    if (text.size() != 19 || text[10] != ' ') return 0;
    text[10] = 'T';
    return parse_rfc3339(text + "+08:00").value_or(0);
}

std::optional<Receipt> receipt_of(const json::value& element) {
    if (!element.is_object()) return std::nullopt;
    const json::object& object = element.get_object();
    const std::string status = text_at(object, "report_status");
    if (status != "SUCCESS" && status != "FAIL") return std::nullopt;
    Receipt receipt;
    receipt.status = status == "SUCCESS" ? MessageStatus::delivered : MessageStatus::failed;
    receipt.provider_message_id = text_at(object, "sid");
    // Newer accounts get the SessionContext back as "ext".
    receipt.message_id = message_id_in(text_at(object, "ext"));
    receipt.code = text_at(object, "errmsg");
    receipt.detail = text_at(object, "description");
    receipt.at_ms = china_time_ms(text_at(object, "user_receive_time"));
    if (receipt.message_id == 0 && receipt.provider_message_id.empty()) return std::nullopt;
    return receipt;
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

}  // namespace hongyan::tencent
