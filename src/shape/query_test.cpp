#include <gtest/gtest.h>

#include "base/text.hpp"
#include "shape/sample_test.hpp"

namespace hongyan::shape {
namespace {

using sample::Filter;
using Pairs = std::vector<QueryPair>;
using Lines = std::vector<std::string>;

Lines problems_of(const Pairs& pairs) {
    const auto result = read_query<Filter>(pairs);
    Lines out;
    if (result.ok()) return out;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_fields);
    for (const auto& problem : result.error().problems)
        out.push_back(problem.path + " " + problem.code);
    return out;
}

TEST(query, converts_each_parameter_to_its_member) {
    const auto filter = read_query<Filter>(Pairs{{"channel", "email"},
                                                 {"limit", "20"},
                                                 {"created_after", "2026-11-23T00:00:00Z"},
                                                 {"task_id", "9007199254740993"},
                                                 {"error", "true"},
                                                 {"ratio", "0.25"}});
    ASSERT_TRUE(filter.ok()) << filter.error().detail;
    EXPECT_EQ(filter->channel, sample::Kind::email);
    EXPECT_EQ(filter->limit, 20);
    EXPECT_EQ(filter->created_after_ms, parse_rfc3339("2026-11-23T00:00:00Z"));
    EXPECT_EQ(filter->task_id, 9007199254740993);
    EXPECT_TRUE(filter->error);
    EXPECT_EQ(filter->ratio, 0.25);
}

TEST(query, absent_parameters_keep_their_defaults) {
    const auto filter = read_query<Filter>(Pairs{});
    ASSERT_TRUE(filter.ok());
    EXPECT_EQ(filter->limit, 50);
    EXPECT_FALSE(filter->channel.has_value());
}

TEST(query, only_a_list_may_be_given_more_than_once) {
    const auto filter = read_query<Filter>(Pairs{{"status", "failed"}, {"status", "pending"}});
    ASSERT_TRUE(filter.ok());
    EXPECT_EQ(filter->status, (Lines{"failed", "pending"}));
    EXPECT_EQ(problems_of({{"limit", "1"}, {"limit", "2"}}), Lines{"$query.limit repeated"});
    EXPECT_EQ(problems_of({{"status", "failed"}, {"status", "x"}}),
              Lines{"$query.status[1] not_one_of"});
}

TEST(query, lists_all_problems_at_once) {
    EXPECT_EQ(
        problems_of(
            {{"limt", "1"}, {"limit", "0"}, {"channel", ""}, {"error", "1"}, {"task_id", "x"}}),
        (Lines{"$query.limt unknown_field", "$query.channel not_one_of",
               "$query.limit out_of_range", "$query.task_id format", "$query.error type"}));
}

TEST(query, says_what_would_be_right) {
    const auto many = read_query<Filter>(Pairs{{"limit", "many"}});
    ASSERT_FALSE(many.ok());
    EXPECT_EQ(many.error().problems[0].detail, "limit is the string \"many\", must be an integer");
    const auto slip = read_query<Filter>(Pairs{{"limt", "1"}});
    ASSERT_FALSE(slip.ok());
    EXPECT_EQ(slip.error().problems[0].detail,
              "\"limt\" is not a known field; did you mean limit?");
}

TEST(query, numbers_that_are_none_are_refused) {
    EXPECT_EQ(problems_of({{"ratio", "nan"}}), Lines{"$query.ratio type"});
    EXPECT_EQ(problems_of({{"ratio", "inf"}}), Lines{"$query.ratio type"});
    EXPECT_EQ(problems_of({{"limit", "1.5"}}), Lines{"$query.limit type"});
    EXPECT_EQ(problems_of({{"limit", "99999999999999999999"}}), Lines{"$query.limit out_of_range"});
    EXPECT_EQ(problems_of({{"limit", " 1"}}), Lines{"$query.limit type"});
}

TEST(query, bytes_that_are_not_text_are_refused) {
    EXPECT_EQ(problems_of({{"task_id", "\xff"}}), Lines{"$query.task_id format"});
    EXPECT_EQ(problems_of({{"task_id", std::string("1\0", 2)}}), Lines{"$query.task_id format"});
}

}  // namespace
}  // namespace hongyan::shape
