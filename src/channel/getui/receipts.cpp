#include "channel/getui/receipts.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan::getui {
namespace {

constexpr std::size_t max_lines = 10'000;

std::string text_of(const boost::json::object& line, std::string_view key) {
    const auto* value = line.if_contains(key);
    if (value == nullptr) return {};
    if (value->is_string())
        return std::string(std::string_view(value->get_string()).substr(0, 300));
    if (value->is_int64()) return std::to_string(value->get_int64());
    return {};
}

Result<Receipt> read_line(std::string_view text, std::string_view app_id,
                          std::string_view master_secret) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(boost::json::string_view(text), failed);
    const auto* line = failed ? nullptr : value.if_object();
    if (line == nullptr) return make_error(ErrorCode::bad_request, "a line is no JSON object");
    const std::string cid = text_of(*line, "cid");
    const std::string task = text_of(*line, "taskid");
    const std::string expected =
        receipt_signature(app_id, cid, task, text_of(*line, "msgid"), master_secret);
    const bool genuine = equal_in_constant_time(expected, to_lower(text_of(*line, "sign")));
    if (text_of(*line, "appid") != app_id || !genuine)
        return make_error(ErrorCode::unauthorized, "a receipt has a wrong signature or app");
    if (task.empty()) return make_error(ErrorCode::bad_request, "a receipt has no taskid");
    Receipt receipt;
    receipt.provider_message_id = task;
    receipt.code = text_of(*line, "code");
    receipt.detail = text_of(*line, "desc");
    receipt.status = receipt.code == "200" ? MessageStatus::delivered : MessageStatus::failed;
    receipt.recipient = "getui:" + cid;
    return receipt;
}

}  // namespace

std::string receipt_signature(std::string_view app_id, std::string_view client_id,
                              std::string_view task_id, std::string_view message_id,
                              std::string_view master_secret) {
    std::string text(app_id);
    text.append(client_id).append(task_id).append(message_id).append(master_secret);
    return to_hex(md5(text));
}

Result<CallbackAnswer> read_receipts(std::string_view body, std::string_view app_id,
                                     std::string_view master_secret) {
    CallbackAnswer answer;
    const auto lines = split(body, '\n');
    if (lines.size() > max_lines)
        return make_error(ErrorCode::bad_request, "more than 10000 receipts at once");
    for (const auto& line : lines) {
        if (trim(line).empty()) continue;
        auto receipt = read_line(trim(line), app_id, master_secret);
        if (!receipt) return std::move(receipt.error());
        answer.receipts.push_back(std::move(*receipt));
    }
    if (answer.receipts.empty()) return make_error(ErrorCode::bad_request, "no receipt in it");
    answer.body = R"({"result":"ok"})";
    answer.replay_key = "getui:" + to_hex(sha256(body));
    return answer;
}

}  // namespace hongyan::getui
