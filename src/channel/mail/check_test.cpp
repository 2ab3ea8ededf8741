#include "channel/mail/check.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "base/text.hpp"
#include "channel/mail/compose.hpp"
#include "channel/mail/mail_options.hpp"
#include "channel/mail/mime_reader.hpp"

namespace hongyan::mail {
namespace {

constexpr std::int64_t now = 1'790'000'100'000;

struct Input {
    std::string recipient = "ann@example.org";
    std::string subject = "Hi";
    std::string options;
};

std::vector<Problem> problems_of(const Input& input) {
    return check_mail(
        input.recipient,
        {.subject = input.subject, .content = "text", .html = {}, .options = input.options});
}

/// A field into which a sender's text goes, with a byte in the middle.
struct Place {
    const char* name;
    std::function<void(Input&, const std::string& middle)> put;
};

std::string in_options(const std::string& before, const std::string& middle,
                       const std::string& after) {
    std::string out = R"({"smtp":{)" + before;
    append_json_escaped(out, middle);
    return out + after + "}}";
}

const std::vector<Place>& places() {
    static const std::vector<Place> all{
        {"recipient", [](Input& i, const auto& m) { i.recipient = "a" + m + "b@example.org"; }},
        {"domain", [](Input& i, const auto& m) { i.recipient = "a@exam" + m + "ple.org"; }},
        {"name", [](Input& i, const auto& m) { i.recipient = "A" + m + "b <a@example.org>"; }},
        {"quoted name",
         [](Input& i, const auto& m) { i.recipient = "\"A" + m + "b\" <a@example.org>"; }},
        {"subject", [](Input& i, const auto& m) { i.subject = "a" + m + "b"; }},
        {"reply_to",
         [](Input& i, const auto& m) {
             i.options = in_options(R"("reply_to":"A)", m, R"(b <a@example.com>")");
         }},
        {"from",
         [](Input& i, const auto& m) {
             i.options = in_options(R"("from":"A)", m, R"(b <a@example.com>")");
         }},
        {"header value",
         [](Input& i, const auto& m) {
             i.options = in_options(R"("headers":{"X-A":"a)", m, R"(b"})");
         }},
        {"header name",
         [](Input& i, const auto& m) {
             i.options = in_options(R"("headers":{"X-A)", m, R"(b":"value"})");
         }},
        {"filename",
         [](Input& i, const auto& m) {
             i.options =
                 in_options(R"("attachments":[{"content_base64":"","filename":"a)", m, R"(b"}])");
         }},
        {"content_type",
         [](Input& i, const auto& m) {
             i.options = in_options(
                 R"("attachments":[{"content_base64":"","filename":"f","content_type":"a)", m,
                 R"(b/c"}])");
         }},
        {"content_type parameter",
         [](Input& i, const auto& m) {
             i.options = in_options(
                 R"("attachments":[{"content_base64":"","filename":"f","content_type":"a/b; c=d)",
                 m, R"(e"}])");
         }},
        {"content_id",
         [](Input& i, const auto& m) {
             i.options =
                 in_options(R"("attachments":[{"content_base64":"","content_id":"a)", m, R"(b"}])");
         }},
        {"content_base64",
         [](Input& i, const auto& m) {
             i.options = in_options(R"("attachments":[{"filename":"f","content_base64":"QUJD)", m,
                                    R"("}])");
         }},
        {"list_unsubscribe",
         [](Input& i, const auto& m) {
             i.options = in_options(R"("list_unsubscribe":"https://example.com/a)", m, R"(b")");
         }},
    };
    return all;
}

/// True if the mail has only headers that belong there, each once, and clean lines.
void expect_unforged(const Mail& mail, const std::string& where) {
    EXPECT_EQ(mail.envelope.rcpt_to.find_first_of(std::string("\r\n <>\0", 6)), std::string::npos)
        << where;
    const auto body = mail.data.find("\r\n\r\n");
    std::string_view head = std::string_view(mail.data).substr(0, body + 2);
    const MailFields fields = take_fields(head);
    std::size_t recipients = 0;
    for (const MailField& field : fields.all) {
        EXPECT_NE(field.name, "bcc") << where;
        recipients += field.name == "to" ? 1 : 0;
        for (const char c : field.value) EXPECT_FALSE(c == '\0' || c == '\r') << where;
    }
    EXPECT_EQ(recipients, 1U) << where;
    for (std::size_t i = 0; i < mail.data.size(); ++i) {
        const char c = mail.data[i];
        const bool whole = c == '\n' ? mail.data[i - 1] == '\r'
                                     : c != '\r' || mail.data.compare(i, 2, "\r\n") == 0;
        EXPECT_TRUE(whole) << where;
    }
}

Result<Mail> compose(const Input& input) {
    MailSettings settings;
    settings.from = "no-reply@example.com";
    Message message;
    message.id = first_id_at(now);
    message.recipient = input.recipient;
    message.subject = input.subject;
    message.content = "text";
    message.options = input.options;
    return Composer::make(settings)->compose(message, now);
}

TEST(check_mail, no_byte_in_any_field_forges_a_header) {
    for (const Place& place : places()) {
        for (int byte = 0; byte < 256; ++byte) {
            for (const char* tail : {"", "\nBcc: evil@example.com", "Bcc: evil@example.com\r\n"}) {
                Input input;
                place.put(input, static_cast<char>(byte) + std::string(tail));
                const std::string where = std::string(place.name) + " " + std::to_string(byte);
                const bool control = byte < 0x20 || byte == 0x7F || byte >= 0x80 || *tail != 0;
                const bool base64 = std::string_view(place.name) == "content_base64";
                const bool fine = problems_of(input).empty();
                EXPECT_FALSE(fine && control && !base64) << where;
                const auto mail = compose(input);
                EXPECT_EQ(mail.ok(), fine) << where;
                if (mail) expect_unforged(*mail, where);
            }
        }
    }
}

TEST(check_mail, a_good_mail_has_no_problems) {
    Input input;
    EXPECT_TRUE(problems_of(input).empty());
    input.recipient = "张三 <用户@例子.中国>";
    input.subject = "您的验证码 🦢";
    input.options = R"({"smtp":{"reply_to":"a@b.co","headers":{"X-A":"值"},"attachments":[
        {"filename":"f.ics","content_type":"text/calendar; charset=utf-8; method=REQUEST",
         "content_base64":"QQ=="}]},"other":{"anything":[1]}})";
    EXPECT_TRUE(problems_of(input).empty());
}

TEST(check_mail, each_problem_has_its_path) {
    const auto path_of = [](const Input& input) {
        const auto problems = problems_of(input);
        return problems.empty() ? std::string() : problems.front().path;
    };
    EXPECT_EQ(path_of({.recipient = "x", .subject = "Hi", .options = ""}), "$.recipient");
    EXPECT_EQ(path_of({.recipient = "a@b.co", .subject = "", .options = ""}), "$.subject");
    EXPECT_EQ(
        path_of(
            {.recipient = "a@b.co", .subject = "Hi", .options = R"({"smtp":{"reply_to":"x"}})"}),
        "$.options.smtp.reply_to");
    EXPECT_EQ(
        path_of({.recipient = "a@b.co", .subject = "Hi", .options = R"({"smtp":{"cc":"x"}})"}),
        "$.options.smtp.cc");
    EXPECT_EQ(path_of({.recipient = "a@b.co",
                       .subject = "Hi",
                       .options = R"({"smtp":{"attachments":[{"filename":"a"}]}})"}),
              "$.options.smtp.attachments[0].content_base64");
    EXPECT_EQ(path_of({.recipient = "a@b.co",
                       .subject = "Hi",
                       .options = R"({"smtp":{"attachments":[{"content_base64":""}]}})"}),
              "$.options.smtp.attachments[0].filename");
    EXPECT_EQ(path_of({.recipient = "a@b.co",
                       .subject = "Hi",
                       .options = R"({"smtp":{"headers":{"Bcc":"a@b.co"}}})"}),
              "$.options.smtp.headers");
    EXPECT_EQ(path_of({.recipient = "a@b.co", .subject = "Hi", .options = R"({"smtp":7})"}),
              "$.options.smtp");
    EXPECT_TRUE(
        path_of({.recipient = "a@b.co", .subject = "Hi", .options = "{"}).starts_with("$.options"));
    EXPECT_EQ(check_mail("a@b.co", {.subject = "x", .content = {}, .html = {}}).front().path,
              "$.content");
}

TEST(check_mail, headers_of_the_mail_system_are_forbidden_in_any_case) {
    for (const char* name : {"Bcc",
                             "bCC",
                             "Cc",
                             "To",
                             "From",
                             "Sender",
                             "Received",
                             "DKIM-Signature",
                             "Return-Path",
                             "Content-Type",
                             "Content-Transfer-Encoding",
                             "MIME-Version",
                             "Message-ID",
                             "Subject",
                             "ARC-Seal",
                             "Resent-Bcc",
                             "X-Hongyan-Ref",
                             "List-Unsubscribe",
                             "Date",
                             "",
                             "X A",
                             "X:",
                             "-X",
                             "Ä"}) {
        EXPECT_TRUE(wrong_header_name(name)) << name;
    }
    for (const char* name : {"X-Campaign", "Precedence", "List-Id", "Feedback-ID", "In-Reply-To",
                             "References", "Importance"}) {
        EXPECT_FALSE(wrong_header_name(name)) << name;
    }
}

TEST(check_mail, media_types_are_judged) {
    for (const char* good : {"image/png", "text/plain; charset=utf-8", "application/vnd.ms-excel",
                             "text/calendar;method=REQUEST", "text/x; a=\"b c\""}) {
        EXPECT_FALSE(wrong_content_type(good)) << good;
    }
    for (const char* bad : {"", "png", "image/", "/png", "multipart/mixed", "message/rfc822",
                            "text/plain; name=x", "text/plain; boundary=x", "text/plain;",
                            "text/plain; a", "text/plain; a=\"b\"; c=\"d", "a/b/c", "a/b c"}) {
        EXPECT_TRUE(wrong_content_type(bad)) << bad;
    }
}

TEST(check_mail, the_schemas_are_json_objects) {
    for (const std::string& schema : {mail_options_schema(), mail_recipient_schema()}) {
        EXPECT_TRUE(schema.starts_with("{"));
    }
}

}  // namespace
}  // namespace hongyan::mail
