#include <gtest/gtest.h>

#include "app/cli_csv.hpp"
#include "app/cli_table.hpp"

namespace hongyan::app {
namespace {

std::string problems_of(std::string_view text) {
    const auto table = parse_csv(text);
    if (table) return "";
    std::string all = table.error().detail;
    for (const auto& problem : table.error().problems) all += "\n" + problem.detail;
    return all;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(csv, quotes_line_ends_and_the_byte_order_mark_are_read_as_rfc_4180_has_them) {
    const auto table = parse_csv(
        "\xEF\xBB\xBFrecipient, name ,note\r\n"
        "1,\"Lin, A\",\"say \"\"hi\"\"\"\r\n"
        "\r\n"
        "2,\"two\nlines\",\n"
        "3,雁,\"\"");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->header, (std::vector<std::string>{"recipient", "name", "note"}));
    ASSERT_EQ(table->rows.size(), 3U);
    EXPECT_EQ(table->rows[0].fields, (std::vector<std::string>{"1", "Lin, A", "say \"hi\""}));
    EXPECT_EQ(table->rows[1].fields, (std::vector<std::string>{"2", "two\nlines", ""}));
    EXPECT_EQ(table->rows[1].line, 4U);
    EXPECT_EQ(table->rows[2].fields[1], "雁");
    EXPECT_EQ(table->rows[2].line, 6U) << "a line end inside quotes counts";
}

TEST(csv, other_separators_and_old_line_ends_are_taken) {
    const auto table = parse_csv("a;b\r1;\"x;y\"\r", ';');
    ASSERT_TRUE(table);
    ASSERT_EQ(table->rows.size(), 1U);
    EXPECT_EQ(table->rows[0].fields[1], "x;y");
}

TEST(csv, every_bad_row_is_named_by_its_line) {
    const auto text = problems_of("a,b\n1\n2,3,4\n5,x\"y\n6,\"z\"w\n7,\xFF\n8,ok\n\"never,ends\n");
    EXPECT_TRUE(has(text, "line 2: 1 fields, but the header has 2.")) << text;
    EXPECT_TRUE(has(text, "line 3: 3 fields")) << text;
    EXPECT_TRUE(has(text, "line 4: a quote stands inside an unquoted field")) << text;
    EXPECT_TRUE(has(text, "line 5: there is text after a closing quote")) << text;
    EXPECT_TRUE(has(text, "line 6: the text is not UTF-8")) << text;
    EXPECT_FALSE(has(text, "line 7")) << text;
    EXPECT_TRUE(has(text, "line 8: a quoted field begins here and never ends")) << text;
}

TEST(csv, headers_and_encodings_that_cannot_work_are_refused) {
    EXPECT_TRUE(has(problems_of(""), "the file is empty"));
    EXPECT_TRUE(has(problems_of("\n\n"), "the file is empty"));
    EXPECT_TRUE(has(problems_of("a,a\n"), "stands there twice"));
    EXPECT_TRUE(has(problems_of("a,,b\n"), "a column has no name"));
    EXPECT_TRUE(has(problems_of("\xFF\xFE"
                                "a"),
                    "UTF-16"));
    EXPECT_TRUE(has(problems_of(std::string_view("a,b\nx\0,y\n", 9)), "NUL"));
    std::string many = "a,b\n";
    for (int i = 0; i < 5000; ++i) many += "x\n";
    EXPECT_LE(parse_csv(many).error().problems.size(), 100U);
}

TEST(csv, any_bytes_at_all_are_survived) {
    std::uint32_t state = 7;  // a fixed seed; the alphabet is rich in what CSV treats specially
    constexpr std::string_view alphabet = "a,\"\n\r;\xEF\xBB";
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (int i = 0; i < 24; ++i) {
            state = state * 1664525U + 1013904223U;
            text += alphabet[(state >> 16U) % alphabet.size()];
        }
        const auto table = parse_csv(text);
        if (!table) continue;
        for (const auto& row : table->rows) ASSERT_EQ(row.fields.size(), table->header.size());
    }
}

TEST(text_table, wide_characters_colours_and_control_characters_keep_the_columns) {
    TextTable table({"NAME", "X"});
    table.add({"订单", "1"});
    table.add({"\033[31mred\033[0m", "2"});
    EXPECT_EQ(table.text(), "NAME  X\n订单  1\n\033[31mred\033[0m   2\n");
    EXPECT_EQ(one_line("a\nb\033[2J", 80), "a b?[2J");
    EXPECT_EQ(one_line("abcdef", 4), "abc…");
    EXPECT_EQ(one_line("abcd", 4), "abcd");
    EXPECT_EQ(one_line("订单发货", 5), "订单…");
}

}  // namespace
}  // namespace hongyan::app
