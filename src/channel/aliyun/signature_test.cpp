#include "channel/aliyun/signature.hpp"

#include <gtest/gtest.h>

namespace hongyan::aliyun {
namespace {

Parameters rpc_base(std::string action, std::string version, std::string time, std::string nonce) {
    return {{"AccessKeyId", "testid"},
            {"Action", std::move(action)},
            {"Format", "JSON"},
            {"SignatureMethod", "HMAC-SHA1"},
            {"SignatureNonce", std::move(nonce)},
            {"SignatureVersion", "1.0"},
            {"Timestamp", std::move(time)},
            {"Version", std::move(version)}};
}

Parameters sms_parameters() {
    return {{"PhoneNumbers", "15300000001"},
            {"SignName", "阿里云短信测试专用"},
            {"TemplateCode", "SMS_71390007"},
            {"TemplateParam", R"({"customer":"test"})"},
            {"OutId", "123"}};
}

std::string signature_in(const Headers& headers) {
    for (const auto& [name, value] : headers) {
        if (name == "Authorization") return value.substr(value.rfind('=') + 1);
    }
    return "";
}

std::string value_in(const Headers& headers, std::string_view wanted) {
    for (const auto& [name, value] : headers) {
        if (name == wanted) return value;
    }
    return "";
}

TEST(aliyun_signature, rpc_describe_regions_is_as_published) {
    Parameters p = rpc_base("DescribeRegions", "2014-05-26", "2016-02-23T12:46:24Z",
                            "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf");
    p["Format"] = "XML";
    EXPECT_EQ(rpc_signature("GET", p, "testsecret"), "OLeaidS1JvxuMvnyHOwuJ+uX5qY=");
}

TEST(aliyun_signature, rpc_depends_on_the_method) {
    Parameters p = rpc_base("DescribeDedicatedHosts", "2014-05-26", "2023-03-13T08:34:30Z",
                            "edb2b34af0af9a6d14deaf7c1a5315eb");
    p["RegionId"] = "cn-beijing";
    EXPECT_EQ(rpc_signature("GET", p, "testsecret"), "9NaGiOspFP5UPcwX8Iwt2YJXXuk=");
    EXPECT_EQ(rpc_signature("POST", p, "testsecret"), "ZvQ9xGiFnquSJRvj+WE6kdSpTwU=");
}

TEST(aliyun_signature, rpc_send_sms_is_as_published) {
    Parameters p = rpc_base("SendSms", "2017-05-25", "2017-07-12T02:42:19Z",
                            "45e25e9b-0a6f-4070-8c85-2956eda1b466");
    p["AccessKeyId"] = "testId";
    p["Format"] = "XML";
    p["RegionId"] = "cn-hangzhou";
    p.merge(sms_parameters());
    EXPECT_EQ(rpc_signature("GET", p, "testSecret"), "zJDF+Lrzhj/ThnlvIToysFRq6t4=");
}

TEST(aliyun_signature, rpc_parameters_carry_what_was_signed) {
    Call call;
    call.action = "SendSms";
    call.version = "2017-05-25";
    call.nonce = "n-1";
    call.now_ms = 1'499'827'339'123;
    const auto all = rpc_parameters("POST", call, {"testId", "testSecret", "sts"});
    EXPECT_EQ(all.at("Timestamp"), "2017-07-12T02:42:19Z");
    EXPECT_EQ(all.at("SecurityToken"), "sts");
    Parameters without = all;
    without.erase("Signature");
    EXPECT_EQ(all.at("Signature"), rpc_signature("POST", without, "testSecret"));
}

TEST(aliyun_signature, v3_run_instances_is_as_published) {
    Call call;
    call.action = "RunInstances";
    call.version = "2014-05-26";
    call.host = "ecs.cn-shanghai.aliyuncs.com";
    call.parameters = {{"ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"},
                       {"RegionId", "cn-shanghai"}};
    call.nonce = "3156853299f313e23d1673dc12e1703d";
    call.now_ms = 1'698'315'752'000;
    const auto headers = v3_headers(call, {"YourAccessKeyId", "YourAccessKeySecret", ""});
    EXPECT_EQ(value_in(headers, "x-acs-date"), "2023-10-26T10:22:32Z");
    EXPECT_EQ(signature_in(headers),
              "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
    EXPECT_EQ(value_in(headers, "Authorization"),
              "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
              "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
              "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0");
}

TEST(aliyun_signature, v3_send_sms_is_as_computed) {
    Call call;
    call.action = "SendSms";
    call.version = "2017-05-25";
    call.host = "dysmsapi.aliyuncs.com";
    call.parameters = sms_parameters();
    call.nonce = "3156853299f313e23d1673dc12e1703d";
    call.now_ms = 1'767'323'045'000;
    EXPECT_EQ(signature_in(v3_headers(call, {"YourAccessKeyId", "YourAccessKeySecret", ""})),
              "603b9b4a2694b7d5328b148d9875918e4e0ade5fdd8940acfe9a4632b822bdd4");
}

TEST(aliyun_signature, v3_signs_content_type_and_security_token_when_they_are_sent) {
    Call call;
    call.host = "h";
    call.content_type = "application/x-www-form-urlencoded";
    const auto headers = v3_headers(call, {"id", "secret", "sts"});
    EXPECT_EQ(value_in(headers, "content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(value_in(headers, "x-acs-security-token"), "sts");
    EXPECT_NE(value_in(headers, "Authorization").find("SignedHeaders=content-type;host;"),
              std::string::npos);
    EXPECT_NE(value_in(headers, "Authorization").find(";x-acs-security-token;"), std::string::npos);
}

TEST(aliyun_signature, a_query_is_sorted_by_bytes_and_encoded_without_plus) {
    EXPECT_EQ(canonical_query({{"b", "x y*~"}, {"B", "/"}, {"a", "你"}}),
              "B=%2F&a=%E4%BD%A0&b=x%20y%2A~");
    EXPECT_EQ(canonical_query({}), "");
}

}  // namespace
}  // namespace hongyan::aliyun
