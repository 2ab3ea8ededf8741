#include "channel/tencent/signature.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::tencent {
namespace {

const std::string stars(32, '*');

Call cvm_call() {
    Call call;
    call.service = "cvm";
    call.host = "cvm.tencentcloudapi.com";
    call.content_type = "application/json; charset=utf-8";
    call.action = "DescribeInstances";
    call.body =
        R"({"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]})";
    call.timestamp = 1'551'113'065;
    return call;
}

Call sms_call() {
    Call call = cvm_call();
    call.service = "sms";
    call.host = "sms.tencentcloudapi.com";
    call.action = "SendSms";
    call.body =
        R"({"PhoneNumberSet":["+8618501234444"],"SmsSdkAppId":"1400006666","TemplateId":"1110","SignName":"腾讯云","TemplateParamSet":["4370"],"SessionContext":"m-1"})";
    return call;
}

std::string signature_of(const Call& call, const std::string& key) {
    const std::string value = authorization(call, {"AKID" + stars, key});
    return value.substr(value.rfind('=') + 1);
}

TEST(tencent_signature, describe_instances_with_the_action_signed_is_as_published) {
    const Call call = cvm_call();
    EXPECT_EQ(to_hex(sha256(call.body)),
              "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064");
    EXPECT_EQ(hashed_request(call),
              "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84");
    EXPECT_EQ(authorization(call, {"AKID" + stars, stars}),
              "TC3-HMAC-SHA256 Credential=AKID" + stars +
                  "/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, "
                  "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f");
}

TEST(tencent_signature, describe_instances_without_the_action_is_as_the_older_example) {
    Call call = cvm_call();
    call.action = "";
    EXPECT_EQ(hashed_request(call),
              "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031");
    EXPECT_EQ(signature_of(call, "Gu5t9xGARNpq86cd98joQYCN3*******"),
              "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c");
}

TEST(tencent_signature, send_sms_is_as_computed) {
    Call call = sms_call();
    EXPECT_EQ(to_hex(sha256(call.body)),
              "acc7bc8dfe763c1018a722bbef178a79d5f3dcabb21bf7459eb4ec3936d8dda7");
    EXPECT_EQ(signature_of(call, stars),
              "308d89baa80ae06b53f83677dfa918b3f2584480c466e1aca1fac3844e30719c");
    call.action = "";
    EXPECT_EQ(signature_of(call, stars),
              "edd0837546f434089fa1b5508051616da1c87ee6e20cf2f3b6f8e54fe47882e7");
}

}  // namespace
}  // namespace hongyan::tencent
