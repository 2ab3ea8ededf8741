#include "channel/mail/compose.hpp"

#include <gtest/gtest.h>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/mail/address.hpp"
#include "channel/mail/bounce.hpp"
#include "channel/mail/mime_reader.hpp"
#include "channel/mail/reference.hpp"

namespace hongyan::mail {
namespace {

constexpr std::int64_t now = 1'790'000'100'000;

class compose_mail : public ::testing::Test {
  protected:
    compose_mail() {
        settings_.from = "鸿雁 <no-reply@example.com>";
        message_.id = first_id_at(1'790'000'000'000) + 5;
        message_.recipient = "Ann <ann@example.org>";
        message_.subject = "Hi";
        message_.content = "text";
    }
    [[nodiscard]] Result<Mail> composed() const {
        auto composer = Composer::make(settings_);
        if (!composer) return std::move(composer.error());
        return composer->compose(message_, now);
    }
    [[nodiscard]] Mail mail() const {
        auto out = composed();
        EXPECT_TRUE(out.ok()) << out.error().detail;
        return out ? std::move(*out) : Mail{};
    }
    [[nodiscard]] std::string field(std::string_view name) const {
        const Mail out = mail();
        auto read = read_mail(out.data);
        return read ? std::string(read->fields.get(name)) : "";
    }
    void use_keys() {
        settings_.verp = {true, "bounces.example.com", "b", "0123456789abcdef"};
        settings_.unsubscribe = {"https://u.example.com/u?t={token}", true,
                                 "mailto:u+{token}@example.com", "fedcba9876543210"};
    }

    MailSettings settings_;
    Message message_;
};

TEST_F(compose_mail, a_plain_mail_has_these_bytes) {
    EXPECT_EQ(mail().data,
              "From: =?UTF-8?B?6bi/6ZuB?= <no-reply@example.com>\r\n"
              "To: Ann <ann@example.org>\r\n"
              "Subject: Hi\r\n"
              "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
              "Message-ID: <" +
                  trace_id_of(message_.id) +
                  "@example.com>\r\n"
                  "Auto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n"
                  "\r\n"
                  "text\r\n");
    EXPECT_EQ(mail().envelope.mail_from, "no-reply@example.com");
    EXPECT_EQ(mail().envelope.rcpt_to, "ann@example.org");
    EXPECT_FALSE(mail().envelope.smtputf8);
    EXPECT_FALSE(mail().envelope.eightbit);
}

TEST_F(compose_mail, every_attempt_has_the_same_bytes) {
    use_keys();
    auto composer = Composer::make(settings_);
    ASSERT_TRUE(composer.ok());
    const auto first = composer->compose(message_, now);
    message_.attempts = 3;
    const auto second = composer->compose(message_, now + 7'200'000);
    EXPECT_EQ(first->data, second->data);
    EXPECT_EQ(first->message_id, trace_id_of(message_.id) + "@example.com");
}

TEST_F(compose_mail, a_date_is_never_in_the_future) {
    message_.due_ms = now + 3'600'000;
    EXPECT_EQ(field("date"), "Mon, 21 Sep 2026 14:15:00 +0000");
}

TEST_F(compose_mail, html_comes_as_the_better_alternative) {
    message_.html = "<p>Hello <b>you</b></p>";
    message_.content.clear();
    const Mail out = mail();
    const auto read = read_mail(out.data);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->type, "multipart/alternative");
    ASSERT_EQ(read->parts.size(), 2U);
    EXPECT_EQ(read->parts[0].type, "text/plain");
    EXPECT_EQ(trim(read->parts[0].decoded(100)), "Hello you");
    EXPECT_EQ(read->parts[1].type, "text/html");
}

TEST_F(compose_mail, files_and_inline_images_stand_where_readers_look_for_them) {
    message_.html = "<img src=\"cid:logo\">";
    message_.options = R"({"smtp":{"attachments":[
        {"filename":"🦢 报表.pdf","content_type":"application/pdf","content_base64":"JVBERg=="},
        {"filename":"logo.png","content_type":"image/png","content_base64":"iVBORw==",
         "content_id":"logo"}]}})";
    const std::string data = mail().data;
    const auto mixed = data.find("multipart/mixed");
    const auto alternative = data.find("multipart/alternative");
    const auto related = data.find("multipart/related; type=\"text/html\"");
    const auto image = data.find("Content-ID: <logo>");
    const auto pdf = data.find("JVBERg==\r\n");
    ASSERT_NE(pdf, data.npos);
    EXPECT_LT(mixed, alternative);
    EXPECT_LT(alternative, related);
    EXPECT_LT(related, image);
    EXPECT_LT(image, pdf);
    EXPECT_NE(data.find("filename*=UTF-8''%F0%9F%A6%A2%20%E6%8A%A5%E8%A1%A8.pdf"), data.npos);
    EXPECT_NE(data.find("Content-Disposition: inline;\r\n filename=\"logo.png\""), data.npos);
}

TEST_F(compose_mail, an_image_without_html_is_a_file) {
    message_.options =
        R"({"smtp":{"attachments":[{"content_type":"image/png","content_base64":"","content_id":"x"}]}})";
    const std::string data = mail().data;
    EXPECT_EQ(data.find("multipart/related"), data.npos);
    EXPECT_NE(data.find("Content-Disposition: attachment\r\n"), data.npos);
}

TEST_F(compose_mail, a_text_cannot_end_its_part_early) {
    message_.html = "<p>x</p>";
    const std::string boundary = "--=_" + std::to_string(message_.id) + "a";
    message_.content = "a\n" + boundary + "--\nContent-Type: text/html\n\n<b>forged</b>";
    const Mail out = mail();
    const auto read = read_mail(out.data);
    ASSERT_EQ(read->parts.size(), 2U);
    EXPECT_NE(read->parts[0].decoded(1000).find("forged"), std::string::npos);
}

TEST_F(compose_mail, the_return_path_names_the_message) {
    use_keys();
    const Mail out = mail();
    const std::string reference =
        signed_reference(settings_.verp.hmac_key, Purpose::bounce, message_.id);
    EXPECT_EQ(out.envelope.mail_from, "b+" + reference + "@bounces.example.com");
    EXPECT_EQ(field("x-hongyan-ref"), reference);
    EXPECT_TRUE(parse_mailbox(out.envelope.mail_from).ok());
}

TEST_F(compose_mail, unsubscribing_is_offered_with_one_click) {
    use_keys();
    const std::string value = field("list-unsubscribe");
    EXPECT_EQ(field("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
    const auto start = value.find("t=") + 2;
    const std::string token = value.substr(start, value.find('>') - start);
    const auto receipt = read_unsubscribe(token, bounce_keys(settings_));
    ASSERT_TRUE(receipt.ok());
    EXPECT_EQ(receipt->message_id, message_.id);
    EXPECT_EQ(receipt->recipient, "ann@example.org");
    EXPECT_EQ(receipt->suppress, "unsubscribed");
    EXPECT_EQ(receipt->status, MessageStatus::success);
    const std::string reference =
        signed_reference(settings_.unsubscribe.hmac_key, Purpose::unsubscribe, message_.id);
    EXPECT_NE(value.find("<mailto:u+" + reference + "@example.com>"), value.npos);
}

TEST_F(compose_mail, a_message_chooses_how_to_unsubscribe) {
    use_keys();
    message_.options = R"({"smtp":{"list_unsubscribe":"none"}})";
    EXPECT_EQ(field("list-unsubscribe"), "");
    EXPECT_EQ(field("list-unsubscribe-post"), "");
    message_.options = R"({"smtp":{"list_unsubscribe":"mailto:stop@example.com"}})";
    EXPECT_EQ(field("list-unsubscribe"), "<mailto:stop@example.com>");
    EXPECT_EQ(field("list-unsubscribe-post"), "");
    message_.options = R"({"smtp":{"list_unsubscribe":"http://example.com/u"}})";
    EXPECT_EQ(field("list-unsubscribe-post"), "");  // RFC 8058: https only
}

TEST_F(compose_mail, another_sender_must_be_of_an_allowed_domain) {
    settings_.from_domains = {"example.net", "*.example.info"};
    for (const char* good : {"a@example.com", "a@EXAMPLE.net", "a@mail.example.info"}) {
        message_.options = std::string(R"({"smtp":{"from":"New <)") + good + R"(>"}})";
        EXPECT_TRUE(composed().ok()) << good;
    }
    for (const char* bad : {"a@example.org", "a@mail.example.net", "a@example.info",
                            "a@badexample.info", "a@example.com.evil.example"}) {
        message_.options = std::string(R"({"smtp":{"from":"New <)") + bad + R"(>"}})";
        ASSERT_FALSE(composed().ok()) << bad;
        EXPECT_EQ(composed().error().code, ErrorCode::content_invalid);
    }
}

TEST_F(compose_mail, more_headers_and_answers_elsewhere) {
    const std::string references = "<" + std::string(150, 'a') + "@example.com>";
    message_.options = R"({"aliyun":{"x":1},"smtp":{"reply_to":"Help <help@example.com>",
        "headers":{"X-Campaign":"春","Precedence":"bulk","References":")" +
                       references + "\"}}}";
    EXPECT_EQ(field("reply-to"), "Help <help@example.com>");
    EXPECT_EQ(field("x-campaign"), "=?UTF-8?B?5pil?=");
    EXPECT_EQ(field("precedence"), "bulk");
    EXPECT_EQ(field("references"), references);
}

TEST_F(compose_mail, an_international_address_needs_smtputf8) {
    message_.recipient = "用户@例子.中国";
    const Mail out = mail();
    EXPECT_TRUE(out.envelope.smtputf8);
    EXPECT_FALSE(out.envelope.eightbit);
    EXPECT_EQ(out.envelope.rcpt_to, "用户@xn--fsqu00a.xn--fiqs8s");
    message_.recipient = "ann@例子.中国";
    EXPECT_FALSE(mail().envelope.smtputf8);
}

TEST_F(compose_mail, eight_bit_bodies_are_told) {
    settings_.eight_bit = true;
    message_.content = "您的验证码是 123456";
    const Mail out = mail();
    EXPECT_TRUE(out.envelope.eightbit);
    EXPECT_NE(out.data.find("\r\n\r\n您的验证码是 123456\r\n"), out.data.npos);
    settings_.eight_bit = false;
    EXPECT_FALSE(mail().envelope.eightbit);
}

TEST_F(compose_mail, a_mail_too_large_is_refused) {
    settings_.max_bytes = 2000;
    message_.content = std::string(1500, 'x');
    EXPECT_TRUE(composed().ok());
    message_.content = std::string(2001, 'x');
    ASSERT_FALSE(composed().ok());
    EXPECT_EQ(composed().error().code, ErrorCode::content_invalid);
    message_.content = std::string(1700, 'x');  // headers count
    EXPECT_FALSE(composed().ok());
}

TEST_F(compose_mail, all_keys_of_the_senders_domain_sign) {
    const auto dkim = [](const char* domain, const char* selector) {
        return DkimSettings{domain, selector, "ed25519",
                            SigningKey::generate(SigningKey::Kind::ed25519).private_pem(), ""};
    };
    settings_.dkim = {dkim("example.com", "one"), dkim("example.com", "two"),
                      dkim("example.net", "three")};
    const std::string data = mail().data;
    EXPECT_TRUE(data.starts_with("DKIM-Signature: "));
    EXPECT_NE(data.find("s=one;"), data.npos);
    EXPECT_NE(data.find("s=two;"), data.npos);
    EXPECT_EQ(data.find("s=three;"), data.npos);
    settings_.from = "a@example.org";
    EXPECT_NE(mail().data.find("s=three;"), std::string::npos);
}

TEST_F(compose_mail, bad_settings_are_named) {
    settings_.from = "nobody";
    EXPECT_EQ(Composer::make(settings_).error().problems.front().path, "$.from");
    settings_.from = "a@example.com";
    settings_.reply_to = "a@b@c";
    EXPECT_EQ(Composer::make(settings_).error().problems.front().path, "$.reply_to");
    settings_.reply_to.clear();
    settings_.dkim = {{"example.com", "s", "rsa", "junk", ""}};
    EXPECT_EQ(Composer::make(settings_).error().problems.front().path, "$.dkim[0]");
}

}  // namespace
}  // namespace hongyan::mail
