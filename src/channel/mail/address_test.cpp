#include "channel/mail/address.hpp"

#include <gtest/gtest.h>

namespace hongyan::mail {
namespace {

TEST(address, plain_addresses_are_read) {
    for (const char* text :
         {"a@b.co", "first.last+tag@mail.example.com", "x_y-z@sub.example.org", "o'neil@example.ie",
          "1234567@qq.com", "root@localhost", "a!#$%&*/=?^`{|}~@example.com"}) {
        const auto box = parse_mailbox(text);
        ASSERT_TRUE(box.ok()) << text;
        EXPECT_EQ(box->address, text);
        EXPECT_EQ(box->name, "");
    }
}

TEST(address, a_name_before_the_address_is_read) {
    const auto plain = parse_mailbox("Ann Doe <ann@example.com>");
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain->name, "Ann Doe");
    EXPECT_EQ(plain->address, "ann@example.com");
    EXPECT_EQ(plain->domain, "example.com");
    EXPECT_EQ(parse_mailbox("张三 <z3@example.cn>")->name, "张三");
    EXPECT_EQ(parse_mailbox("🦢 Wild Goose <g@example.cn>")->name, "🦢 Wild Goose");
    EXPECT_EQ(parse_mailbox("<a@b.co>")->address, "a@b.co");
    EXPECT_EQ(parse_mailbox("\"Doe, \\\"Ann\\\"\" <ann@example.com>")->name, "Doe, \"Ann\"");
}

TEST(address, an_international_domain_becomes_ascii) {
    const auto box = parse_mailbox("kontakt@bücher.example");
    ASSERT_TRUE(box.ok()) << box.error().detail;
    EXPECT_EQ(box->address, "kontakt@xn--bcher-kva.example");
    EXPECT_EQ(parse_mailbox("a@例子.中国")->address, "a@xn--fsqu00a.xn--fiqs8s");
}

TEST(address, an_international_local_part_is_taken_and_told) {
    const auto box = parse_mailbox("张三 <用户.名@例子.中国>");
    ASSERT_TRUE(box.ok()) << box.error().detail;
    EXPECT_EQ(box->address, "用户.名@xn--fsqu00a.xn--fiqs8s");
    EXPECT_TRUE(box->international);
    EXPECT_FALSE(parse_mailbox("kontakt@bücher.example")->international);
}

TEST(address, a_domain_is_in_lower_case) {
    EXPECT_EQ(parse_mailbox("Ann@Example.COM")->address, "Ann@example.com");
    EXPECT_EQ(parse_mailbox("a@BÜCHER.example")->address, "a@xn--bcher-kva.example");
}

TEST(address, what_is_no_single_address_is_refused) {
    const std::string long_local(65, 'a');
    const std::string long_domain = std::string(63, 'b') + "." + std::string(63, 'c') + "." +
                                    std::string(63, 'd') + "." + std::string(60, 'e') + ".com";
    const std::vector<std::string> bad = {"",
                                          " ",
                                          "a",
                                          "@",
                                          "a@",
                                          "@b.co",
                                          "a@b@c.co",
                                          "a b@c.co",
                                          ".a@b.co",
                                          "a.@b.co",
                                          "a..b@c.co",
                                          "a@b..co",
                                          "a@.co",
                                          "a@b.",
                                          "a@-b.co",
                                          "a@b-.co",
                                          "a@b_c.co",
                                          "a@1.2.3.4",
                                          "a@[1.2.3.4]",
                                          "\"a b\"@c.co",
                                          "a@b.co, c@d.co",
                                          "a@b.co;c@d.co",
                                          "Ann <a@b.co",
                                          "Ann a@b.co>",
                                          "Ann <a@b.co> <c@d.co>",
                                          "a@x.co, <c@d.co>",
                                          "Doe, Ann <a@b.co>",
                                          "\"Ann <a@b.co>",
                                          "a(comment)@b.co",
                                          "<>",
                                          "Ann <>",
                                          long_local + "@b.co",
                                          "a@" + long_domain,
                                          "用 户@example.com",
                                          "a\xC2\xA0&b@example.com",
                                          "a@b.co\\",
                                          "a@b.c%2eo",
                                          "a@ex ample.com",
                                          "a@exa／mple.com"};
    for (const std::string& text : bad) {
        const auto box = parse_mailbox(text);
        EXPECT_FALSE(box.ok()) << text;
        if (box.ok()) continue;
        EXPECT_FALSE(box.error().detail.empty());
    }
}

TEST(address, control_characters_and_bad_utf8_are_refused_anywhere) {
    const std::string good = "Ann <ann@example.com>";
    for (std::size_t at = 0; at <= good.size(); ++at) {
        for (const char c : {'\r', '\n', '\0', '\t', '\x7F', '\xFF', '\x80'}) {
            std::string bad = good;
            bad.insert(at, 1, c);
            EXPECT_FALSE(parse_mailbox(bad).ok()) << at << " " << static_cast<int>(c);
        }
    }
}

}  // namespace
}  // namespace hongyan::mail
