#include "universe/tencent/replies.hpp"

#include <array>
#include <ctime>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::universe::tencent {
namespace {

/// 8-4-4-4-12 hexadecimal digits.
std::string new_request_id() {
    std::string id = to_hex(random_bytes(16));
    for (const std::size_t at : {20U, 16U, 12U, 8U}) id.insert(at, 1, '-');
    return id;
}

}  // namespace

ServiceReply answered(std::string_view members) {
    ServiceReply reply;
    reply.body = R"({"Response":{)" + std::string(members) + (members.empty() ? "" : ",") +
                 R"("RequestId":")" + new_request_id() + R"("}})";
    return reply;
}

ServiceReply refused(const Refusal& refusal) {
    return answered(R"("Error":{"Code":)" + json_quoted(refusal.code) + R"(,"Message":)" +
                    json_quoted(refusal.message) + "}");
}

void add_date(ServiceReply& reply, std::int64_t now_ms) {
    const std::time_t seconds = now_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    const std::size_t length =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    reply.headers.emplace_back("Date", std::string(text.data(), length));
}

}  // namespace hongyan::universe::tencent
