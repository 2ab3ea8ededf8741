// For test/peer/sms: requests as this sender makes them, for the vendor's code to sign anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/text.hpp"
#include "channel/aliyun/protocol.hpp"

namespace hongyan::aliyun {
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

/// Texts that encoders treat differently.
const std::vector<std::string> texts{"test",         "你好，世界", "a b+c*d~e!f'g(h)i",
                                     "%2B&=/?#\"\\", "😀\n\t",      ""};

TEST(aliyun_peer, requests_for_other_programs_are_written) {
    const char* file = std::getenv("HONGYAN_ALIYUN_OUT");
    if (file == nullptr) return;  // only test/peer/sms asks for it
    std::ofstream out(file);
    out << "[";
    for (const char* signature : {"v3", "rpc"}) {
        for (const std::string& text : texts) {
            Settings settings;
            settings.access_key_id = "testid";
            settings.access_key_secret = "testsecret";
            settings.sign_name = "阿里云短信测试";
            settings.signature = signature;
            settings.region = text == "test" ? "cn-hangzhou" : "";
            settings.endpoint = "http://127.0.0.1:8090";
            Message message;
            message.id = 1'968'453'871'263'744'005;
            message.recipient = "+8613800138000";
            message.options = R"({"aliyun":{"template_code":"SMS_1","params":{"text":)" +
                              json_quoted(text) + "}}}";
            const auto request = AliyunProtocol(settings).request(message, {"", 1'767'323'045'000});
            ASSERT_TRUE(request);
            const bool is_first = std::string_view(signature) == "v3" && text == texts.front();
            out << (is_first ? "" : ",") << json_of(*request);
        }
    }
    out << "]";
}

}  // namespace
}  // namespace hongyan::aliyun
