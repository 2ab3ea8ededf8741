// For test/peer/sms: requests as this sender makes them, for the vendor's code to sign anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/text.hpp"
#include "channel/tencent/protocol.hpp"

namespace hongyan::tencent {
namespace {

std::string json_of(const OutboundRequest& request) {
    std::string headers;
    for (const auto& [name, value] : request.headers) {
        headers +=
            (headers.empty() ? "[" : ",[") + json_quoted(name) + "," + json_quoted(value) + "]";
    }
    return R"({"method":)" + json_quoted(request.method) + R"(,"url":)" + json_quoted(request.url) +
           R"(,"headers":[)" + headers + R"(],"body":)" + json_quoted(request.body) + "}";
}

TEST(tencent_peer, requests_for_other_programs_are_written) {
    const char* file = std::getenv("HONGYAN_TENCENT_OUT");
    if (file == nullptr) return;  // only test/peer/sms asks for it
    std::ofstream out(file);
    std::string separator = "[";
    for (const char* text : {"test", "你好，世界", "a b+c*d~e", "\"\\\n\t/", "😀", ""}) {
        Settings settings;
        settings.secret_id = "AKIDtest";
        settings.secret_key = "testsecret";
        settings.sdk_app_id = "1400006666";
        settings.sign_name = "腾讯云";
        Message message;
        message.id = 1'968'453'871'263'744'005;
        message.recipient = "13800138000";
        message.options =
            R"({"tencent":{"template_id":"1110","params":[)" + json_quoted(text) + "]}}";
        const auto request = TencentProtocol(settings).request(message, {"", 1'767'323'045'000});
        ASSERT_TRUE(request);
        out << separator << json_of(*request);
        separator = ",";
    }
    out << "]";
}

}  // namespace
}  // namespace hongyan::tencent
