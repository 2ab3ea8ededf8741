// Mails over a real connection to a real server, which parses each with an independent library.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "channel/email/testing/server_process.hpp"

namespace hongyan::email::testing {
namespace {

std::string text_of(const boost::json::object& mail, const char* key) {
    const auto& value = mail.at(key);
    return value.is_null() ? "(none)" : std::string(value.as_string());
}

/// The body as a receiver must see it: LF line ends, one at the end.
std::string as_received(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        out += text[i] == '\r' ? '\n' : text[i];
    }
    if (!out.ends_with('\n')) out += '\n';
    return out;
}

void expect_good_form(const boost::json::object& mail) {
    EXPECT_TRUE(mail.at("defects").as_array().empty()) << boost::json::serialize(mail);
    EXPECT_LE(mail.at("longest_line").as_int64(), 998);
    EXPECT_EQ(mail.at("bare_line_ends").as_int64(), 0);
    EXPECT_TRUE(mail.at("is_ascii").as_bool());
    EXPECT_EQ(text_of(mail, "mime_version"), "1.0");
    EXPECT_EQ(mail.at("to_count").as_int64(), 1);
    EXPECT_EQ(mail.at("recipients").as_array().size(), 1U);
    EXPECT_EQ(text_of(mail, "envelope_from"), "no-reply@example.com");
    EXPECT_EQ(text_of(mail, "from_name"), "Hongyan Test");
    std::set<std::string> names;
    for (const auto& name : mail.at("headers").as_array()) {
        EXPECT_TRUE(names.insert(std::string(name.as_string())).second) << name;
        EXPECT_NE(name.as_string(), "bcc");
    }
}

/// Texts that break mail programs: every one is the base of some mails of the big test.
const std::vector<std::string>& hard_texts() {
    static const std::vector<std::string> texts = {
        "Plain text.",
        "您的验证码是 123456，五分钟内有效。",
        "Grüße aus München – für Sie!",
        "🦢🚀 emoji 👨‍👩‍👧‍👦 family",
        ".\n..\n.leading dots\n.\r\n.",
        "From the start\nFrom here",
        std::string(5000, 'x'),
        "a = b; c=3D\t\ntrailing spaces   \n\ttab\n",
        "\n\n\n",
        "line\r\nends\rof\nall kinds",
        "<b>not html</b> & more",
        "--=-boundary\n--\n-- \nsignature",
        "مرحبا بالعالم",
        "=?utf-8?q?not_encoded?=",
        std::string(300, ' ') + "end"};
    return texts;
}

struct Expected {
    std::string name;
    std::string address;
    std::string subject;
    std::string text;
    std::string html;
};

std::string words_without_controls(std::string text) {
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    return text.substr(0, 300).empty() ? "Subject" : text.substr(0, 300);
}

Expected make_expected(int number, std::mt19937& random) {
    const auto& texts = hard_texts();
    const auto pick = [&] { return texts[random() % texts.size()]; };
    static const std::vector<std::string> names = {
        "",           "Ann Doe",     "张三",
        "🦢 Goose", "Jürgen Groß", "鸿雁消息平台测试用户非常非常非常非常长的名字"};
    Expected out;
    out.name = names[random() % names.size()];
    out.address = "user" + std::to_string(number) + "@example.org";
    out.subject = words_without_controls(pick()) + " #" + std::to_string(number);
    while (out.subject.front() == ' ') out.subject.erase(0, 1);
    out.text = pick() + "\nmail " + std::to_string(number) + "\n" + pick();
    if (random() % 2 == 0)
        out.html = "<p>" + pick() + "</p>\n<p>" + std::to_string(number) + "</p>";
    return out;
}

void expect_same(const boost::json::object& mail, const Expected& expected) {
    expect_good_form(mail);
    EXPECT_EQ(text_of(mail, "to_name"), expected.name);
    EXPECT_EQ(text_of(mail, "to_address"), expected.address);
    EXPECT_EQ(text_of(mail, "subject"), expected.subject);
    EXPECT_EQ(text_of(mail, "text"), as_received(expected.text));
    if (expected.html.empty()) {
        EXPECT_EQ(text_of(mail, "html"), "(none)");
        EXPECT_EQ(text_of(mail, "type"), "text/plain");
    } else {
        EXPECT_EQ(text_of(mail, "html"), as_received(expected.html));
        EXPECT_EQ(text_of(mail, "type"), "multipart/alternative");
    }
}

void send_and_compare(std::vector<std::string> server_options, int count) {
    const SmtpServer server(std::move(server_options));
    EmailOptions options = Mailer::plain(server, 8);
    options.messages_per_connection = 50;
    Mailer mailer(options);
    std::mt19937 random(20261123);
    std::map<std::string, Expected> expected;
    std::vector<MessagePtr> batch;
    for (int i = 0; i < count; ++i) {
        const Expected one = make_expected(i, random);
        MessagePtr message =
            mailer.message(one.name.empty() ? one.address : one.name + " <" + one.address + ">");
        message->subject = one.subject;
        message->content = one.text;
        message->html = one.html;
        EXPECT_TRUE(
            mailer.channel().check(message->recipient, {one.subject, one.text, one.html}).empty());
        expected["<" + trace_id_of(message->id) + "@example.com>"] = one;
        batch.push_back(std::move(message));
        if (batch.size() == 64 || i + 1 == count)
            mailer.channel().send(std::exchange(batch, {}), 0);
    }
    ASSERT_TRUE(mailer.outcomes().wait_for(expected.size()));
    EXPECT_EQ(mailer.outcomes().count(OutcomeClass::accepted), expected.size());
    EXPECT_EQ(mailer.outcomes().repeats(), 0);
    const auto mails = server.mails();
    ASSERT_EQ(mails.size(), expected.size());
    std::set<std::int64_t> connections;
    for (const auto& mail : mails) {
        const auto found = expected.find(text_of(mail, "message_id"));
        ASSERT_NE(found, expected.end()) << text_of(mail, "message_id");
        expect_same(mail, found->second);
        expected.erase(found);  // each exactly once
        connections.insert(mail.at("connection").as_int64());
    }
    // 50 mails on each connection, the last of each of the eight sessions perhaps not full.
    EXPECT_GE(connections.size(), static_cast<std::size_t>(count) / 50);
    EXPECT_LE(connections.size(), static_cast<std::size_t>(count) / 50 + 8);
}

TEST(mail, two_thousand_mails_arrive_as_they_were_written) { send_and_compare({}, 2000); }

TEST(mail, a_server_with_pipelining_gets_the_same_mails) {
    send_and_compare({"--pipelining"}, 500);
}

TEST(mail, a_page_alone_arrives_with_a_text_part) {
    const SmtpServer server;
    Mailer mailer(server);
    auto message = mailer.message("ann@example.org");
    message->content = "";
    message->html = "<h1>您好</h1><p>See <a href=\"https://example.com/x\">this</a></p>";
    EXPECT_EQ(mailer.outcome_for(std::move(message)).kind, OutcomeClass::accepted);
    ASSERT_EQ(server.mails().size(), 1U);
    EXPECT_EQ(text_of(server.mails()[0], "text"), "您好\n\nSee this (https://example.com/x)\n");
}

TEST(mail, a_quarter_mebibyte_of_each_part_arrives_whole) {
    const SmtpServer server;
    Mailer mailer(server);
    auto message = mailer.message("ann@example.org");
    message->content.clear();
    while (message->content.size() < 260'000) message->content += "一行文字，不太长。\n.\n";
    message->html = "<pre>" + message->content + "</pre>\n";
    const std::string text = message->content;
    const std::string html = message->html;
    EXPECT_EQ(mailer.outcome_for(std::move(message)).kind, OutcomeClass::accepted);
    ASSERT_EQ(server.mails().size(), 1U);
    EXPECT_EQ(text_of(server.mails()[0], "text"), text);
    EXPECT_EQ(text_of(server.mails()[0], "html"), html);
}

TEST(mail, the_outcome_names_the_servers_queue_id_and_words) {
    const SmtpServer server;
    Mailer mailer(server);
    const Outcome outcome = mailer.outcome_for("Ann <ann@例子.中国>");
    EXPECT_EQ(outcome.kind, OutcomeClass::accepted);
    EXPECT_EQ(outcome.provider, "smtp");
    EXPECT_EQ(outcome.provider_message_id, "Q00000001");
    EXPECT_EQ(outcome.code, "250 2.0.0");
    EXPECT_GT(outcome.started_ms, 0);
    EXPECT_GT(outcome.duration_us, 0);
    ASSERT_EQ(server.mails().size(), 1U);
    EXPECT_EQ(server.mails()[0].at("recipients").as_array()[0].as_string(),
              "ann@xn--fsqu00a.xn--fiqs8s");
}

TEST(mail, one_connection_carries_many_mails_and_is_renewed_when_full) {
    const SmtpServer server;
    EmailOptions options = Mailer::plain(server, 1);
    options.messages_per_connection = 10;
    options.helo = "sender.example.net";
    Mailer mailer(options);
    for (int i = 0; i < 35; ++i) mailer.send(mailer.message("a@example.org"));
    ASSERT_TRUE(mailer.outcomes().wait_for(35));
    std::map<std::int64_t, int> per_connection;
    for (const auto& mail : server.mails()) ++per_connection[mail.at("connection").as_int64()];
    EXPECT_EQ(per_connection, (std::map<std::int64_t, int>{{1, 10}, {2, 10}, {3, 10}, {4, 5}}));
    EXPECT_EQ(text_of(server.mails()[0], "helo"), "sender.example.net");
}

TEST(mail, check_names_every_bad_field) {
    const SmtpServer server;
    Mailer mailer(server);
    const auto problems = mailer.channel().check(
        "ann@example.org\r\nBcc: x@y.z", {"Hi\nBcc: x@y.z", std::string("a\0b", 3), "\xFF"});
    ASSERT_EQ(problems.size(), 4U);
    EXPECT_EQ(problems[0].path, "$.recipient");
    EXPECT_EQ(problems[1].path, "$.subject");
    EXPECT_EQ(problems[2].path, "$.content");
    EXPECT_EQ(problems[3].path, "$.html");
    EXPECT_EQ(mailer.channel().check("a@b.co", {"", "", ""}).size(), 2U);
    EXPECT_TRUE(mailer.channel().check("a@b.co", {"Hi", "", "<p>"}).empty());
    EXPECT_EQ(mailer.channel().check("a@b.co", {"Hi", std::string(262'145, 'x'), ""}).size(), 1U);
}

TEST(mail, settings_that_cannot_work_are_named) {
    SystemClock clock;
    Log log(LogLevel::error);
    const auto path_of = [&](EmailOptions options) {
        const auto made = make_email_channel(std::move(options), clock, log);
        return made.ok() ? std::string("ok") : made.error().problems.at(0).path;
    };
    const auto with = [](const std::string& url, const std::string& from) {
        EmailOptions options;
        options.smtp_url = url;
        options.from = from;
        return options;
    };
    EXPECT_EQ(path_of(with("smtp://mail.example.com", "Shop <a@b.co>")), "ok");
    for (const char* url : {"", "http://x", "smtp://u:p@x", "smtp://x/y", "smtp://x?y", "mail"}) {
        EXPECT_EQ(path_of(with(url, "a@b.co")), "email.smtp_url") << url;
    }
    EXPECT_EQ(path_of(with("smtps://x", "Shop")), "email.from");
    EmailOptions helo = with("smtp://x", "a@b.co");
    helo.helo = "x/y\r\nz";
    EXPECT_EQ(path_of(helo), "email.helo");
}

}  // namespace
}  // namespace hongyan::email::testing
