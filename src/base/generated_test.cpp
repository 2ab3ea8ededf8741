#include <set>

#include "base/error_document.hpp"
#include "base/error_table.hpp"
#include "base/testing/generated_file.hpp"

namespace hongyan {
namespace {

TEST(generated, the_page_of_errors_is_what_the_table_says) {
    expect_generated("docs/errors.md", errors_markdown());
}

TEST(error_table, rows_have_their_own_names_and_numbers_and_a_remedy) {
    std::set<std::string_view> names;
    std::set<int> numbers;
    for (const auto& row : error_table()) {
        EXPECT_EQ(row.number / 100, row.http_status) << row.name;
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_TRUE(numbers.insert(row.number).second) << row.name;
        EXPECT_TRUE(row.title.ends_with('.') && row.remedy.ends_with('.')) << row.name;
        for (const auto text : {row.title, row.remedy})
            EXPECT_EQ(text.find('|'), text.npos) << row.name << ": it would break the page's table";
    }
}

}  // namespace
}  // namespace hongyan
