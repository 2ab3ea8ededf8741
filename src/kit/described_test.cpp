#include "kit/described.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace hongyan::kit {

struct Inner {
    std::string word;
};
struct Outer {
    std::string secret;
    Inner inner;
    std::vector<Inner> more;
};
struct Tree {
    std::vector<Tree> children;
};

static const shape::Object& describe(shape::Tag<Inner>) {
    static const shape::Object described = shape::object<Inner>(
        "Inner", "An inner part.", shape::field("word", &Inner::word, "A word.").required());
    return described;
}
static const shape::Object& describe(shape::Tag<Outer>) {
    static const shape::Object described = shape::object<Outer>(
        "Outer", "The whole.", shape::field("secret", &Outer::secret, "A secret.").length(0, 5),
        shape::field("inner", &Outer::inner, "One."),
        shape::field("more", &Outer::more, "Several."));
    return described;
}
static const shape::Object& describe(shape::Tag<Tree>) {
    static const shape::Object described = shape::object<Tree>(
        "Tree", "A tree.", shape::field("children", &Tree::children, "Its branches."));
    return described;
}

namespace {

TEST(described, nested_structs_stand_under_defs) {
    const std::string text = schema_text(shape::description_of<Outer>(), {"secret"});
    const auto schema = boost::json::parse(text);
    EXPECT_EQ(text.find("components"), std::string::npos);
    EXPECT_EQ(schema.at("properties").at("more").at("items").at("$ref"), "#/$defs/Inner");
    EXPECT_EQ(schema.at("$defs").as_object().size(), 1U);
    EXPECT_TRUE(schema.at("$defs").as_object().contains("Inner"));
    EXPECT_EQ(schema.at("properties").at("secret").at("writeOnly"), true);
    EXPECT_FALSE(schema.at("properties").at("inner").as_object().contains("writeOnly"));
}

TEST(described, a_struct_that_holds_itself_is_among_the_defs) {
    const auto schema = boost::json::parse(schema_text(shape::description_of<Tree>()));
    EXPECT_TRUE(schema.at("$defs").as_object().contains("Tree"));
}

TEST(described, problems_move_below_a_prefix) {
    const auto found = problems_of<Outer>(R"({"secret":"too long","inner":{}})", "$.options.x");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].path, "$.options.x.secret");
    EXPECT_EQ(found[1].path, "$.options.x.inner.word");
    EXPECT_TRUE(problems_of<Outer>("").empty());
    EXPECT_TRUE(problems_of<Outer>(R"({"secret":"abc"})").empty());
    const auto broken = problems_of<Outer>("{", "$.settings");
    ASSERT_FALSE(broken.empty());
    EXPECT_EQ(broken[0].path.substr(0, 10), "$.settings");
}

TEST(described, a_struct_is_read_with_its_nested_parts) {
    const auto read = read_described<Outer>(R"({"more":[{"word":"a"},{"word":"b"}]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->more.at(1).word, "b");
}

}  // namespace
}  // namespace hongyan::kit
