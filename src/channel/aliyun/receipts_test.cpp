#include "channel/aliyun/receipts.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "channel/aliyun/correlation.hpp"

namespace hongyan::aliyun {
namespace {

TEST(aliyun_receipts, a_mainland_push_is_read) {
    Message message;
    message.id = 1'968'453'871'263'744'005;
    const std::string body =
        R"([{"phone_number":"13811110000","send_time":"2017-01-01 00:00:00","report_time":"2017-01-01 00:00:05","success":true,"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"12345^0","out_id":")" +
        correlation_of(message) + R"("}])";
    const auto receipts = read_receipts(body);
    ASSERT_TRUE(receipts);
    ASSERT_EQ(receipts->size(), 1U);
    const Receipt& receipt = receipts->front();
    EXPECT_EQ(receipt.status, MessageStatus::delivered);
    EXPECT_EQ(receipt.message_id, message.id);
    EXPECT_EQ(receipt.provider_message_id, "12345^0");
    EXPECT_EQ(receipt.code, "DELIVERED");
    EXPECT_EQ(receipt.detail, "用户接收成功");
    EXPECT_EQ(format_rfc3339(receipt.at_ms), "2016-12-31T16:00:05.000Z");
    EXPECT_TRUE(receipt.suppress.empty());
}

TEST(aliyun_receipts, a_failure_without_our_out_id_is_found_by_its_biz_id) {
    const auto receipts = read_receipts(
        R"([{"success":false,"err_code":"MK:0001","biz_id":"7^0","out_id":"67890"}])");
    ASSERT_TRUE(receipts);
    EXPECT_EQ(receipts->front().status, MessageStatus::failed);
    EXPECT_EQ(receipts->front().message_id, 0);
    EXPECT_EQ(receipts->front().at_ms, 0);
}

TEST(aliyun_receipts, an_international_push_is_read) {
    const auto receipts = read_receipts(
        R"([{"To":"8521234","SendDate":"Thu, 25 Nov 2021 10:27:00 +0800","ReceiveDate":"Thu, 25 Nov 2021 10:27:33 +0800","Status":"1","ErrorCode":"success","ErrorDescription":"success","TaskId":"67890","MessageId":"123"},)"
        R"({"Status":6,"MessageId":"124"},{"Status":"2","MessageId":"125"}])");
    ASSERT_TRUE(receipts);
    ASSERT_EQ(receipts->size(), 3U);
    EXPECT_EQ((*receipts)[0].status, MessageStatus::delivered);
    EXPECT_EQ(format_rfc3339((*receipts)[0].at_ms), "2021-11-25T02:27:33.000Z");
    EXPECT_EQ((*receipts)[1].status, MessageStatus::failed);
    EXPECT_EQ((*receipts)[1].detail, "expired");
    EXPECT_EQ((*receipts)[2].status, MessageStatus::failed);
}

TEST(aliyun_receipts, bad_elements_do_not_cost_the_good_ones) {
    const auto receipts = read_receipts(
        R"([5,null,{},{"success":"maybe","biz_id":"1"},{"success":true},{"Status":"9","MessageId":"1"},{"success":"true","biz_id":"2^0"}])");
    ASSERT_TRUE(receipts);
    ASSERT_EQ(receipts->size(), 1U);
    EXPECT_EQ(receipts->front().provider_message_id, "2^0");
}

TEST(aliyun_receipts, what_is_no_list_of_receipts_is_refused) {
    for (const char* body : {"", "{}", "5", "[", "[{}]", "[1,2]"}) {
        const auto receipts = read_receipts(body);
        ASSERT_FALSE(receipts) << body;
        EXPECT_EQ(receipts.error().code, ErrorCode::bad_request);
    }
    EXPECT_TRUE(read_receipts("[]"));
    std::string huge = "[0";
    for (int i = 0; i < 6'000; ++i) huge += ",0";
    EXPECT_FALSE(read_receipts(huge + "]"));
}

TEST(aliyun_correlation, only_our_own_form_names_a_message) {
    for (const char* text : {"", "5", "msg_5", "123456789012345678901234567890123456.5",
                             "123456789012345678901234567890123456.msg_",
                             "123456789012345678901234567890123456-msg_5"}) {
        EXPECT_EQ(message_id_in(text), 0) << text;
    }
    EXPECT_EQ(message_id_in("123456789012345678901234567890123456.msg_5"), 5);
}

}  // namespace
}  // namespace hongyan::aliyun
