#include "universe/aliyun/replies.hpp"

#include <array>
#include <ctime>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::universe::aliyun {

std::string new_request_id() {
    std::string id = to_hex(random_bytes(16));
    for (char& c : id) {
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    }
    for (const std::size_t at : {20U, 16U, 12U, 8U}) id.insert(at, 1, '-');
    return id;
}

ServiceReply refused(const Refusal& refusal, std::string_view host) {
    ServiceReply reply;
    reply.status = refusal.status;
    reply.content_type = "application/json;charset=utf-8";
    const std::string id = new_request_id();
    reply.body = R"({"RequestId":")" + id + R"(","Message":)" + json_quoted(refusal.message) +
                 R"(,"Code":)" + json_quoted(refusal.code);
    // Only the gateway names its host.
    if (refusal.status != 200) {
        reply.body += R"(,"HostId":)" + json_quoted(host) +
                      R"(,"Recommend":"https://api.aliyun.com/troubleshoot?q=)" + refusal.code +
                      R"(")";
    }
    reply.body += "}";
    reply.headers.emplace_back("x-acs-request-id", id);
    return reply;
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

}  // namespace hongyan::universe::aliyun
