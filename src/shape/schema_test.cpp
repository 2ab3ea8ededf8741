#include <gtest/gtest.h>

#include "shape/json_reader.hpp"
#include "shape/sample_test.hpp"

namespace hongyan::shape {
namespace {

JsonValue expected(std::string_view text) {
    auto value = parse_json(text);
    EXPECT_TRUE(value.ok()) << value.error().detail;
    return value.ok() ? *value : JsonValue();
}

template <class T>
JsonValue property(const char* name) {
    return schema<T>().at("properties").at(name);
}

TEST(schema, describes_fields_with_their_rules) {
    const JsonObject send = schema<sample::Send>();
    EXPECT_EQ(send.at("title"), "SendRequest");
    EXPECT_EQ(send.at("type"), "object");
    EXPECT_EQ(send.at("additionalProperties"), false);
    EXPECT_EQ(send.at("required"), expected(R"(["channel","recipient"])"));
    EXPECT_EQ(send.at("examples"),
              expected(R"([{"channel":"sms","recipient":"13800138000","template_id":1}])"));
    EXPECT_EQ(
        property<sample::Send>("channel"),
        expected(
            R"({"type":"string","enum":["sms","email","app"],"description":"How.","examples":["sms"]})"));
    EXPECT_EQ(
        property<sample::Send>("priority"),
        expected(
            R"({"type":["integer","null"],"format":"int32","minimum":0,"maximum":10,"description":"10 is most urgent.",
                           "default":5})"));
    EXPECT_EQ(property<sample::Send>("send_at"),
              expected(R"({"type":["string","null"],"format":"date-time","description":"When."})"));
    EXPECT_EQ(
        property<sample::Send>("variables"),
        expected(R"({"type":["object","null"],"maxProperties":100,"description":"Values."})"));
    EXPECT_EQ(property<sample::Send>("recipient"),
              expected(R"({"type":"string","minLength":1,"maxLength":320,"description":"Who."})"));
}

TEST(schema, refers_to_nested_structs_and_collects_them) {
    EXPECT_EQ(property<sample::Batch>("recipients"),
              expected(R"({"type":"array","minItems":1,"maxItems":10000,"description":"Who.",
                           "items":{"$ref":"#/components/schemas/RecipientEntry"}})"));
    JsonObject schemas;
    collect(schemas, description_of<sample::Batch>());
    EXPECT_EQ(schemas.size(), 2U);
    EXPECT_EQ(schemas.at("RecipientEntry"), schema<sample::Entry>());
    EXPECT_EQ(reference<sample::Batch>(),
              expected(R"({"$ref":"#/components/schemas/SendBatchRequest"})"));
}

TEST(schema, a_struct_that_may_be_a_string_is_one_of_both) {
    const JsonObject entry = schema<sample::Entry>();
    EXPECT_EQ(entry.at("oneOf").at(0),
              expected(R"({"type":"string","minLength":1,"maxLength":320})"));
    EXPECT_EQ(entry.at("oneOf").at(1).at("type"), "object");
}

TEST(schema, a_reply_requires_what_is_always_written_and_is_open) {
    const JsonObject tree = schema<sample::Tree>();
    EXPECT_EQ(tree.at("required"), expected(R"(["name"])"));
    EXPECT_FALSE(tree.contains("additionalProperties"));
    JsonObject schemas;
    collect(schemas, description_of<sample::Tree>());
    EXPECT_EQ(schemas.at("Tree").at("properties").at("children").at("items").at("$ref"),
              "#/components/schemas/Tree");
}

TEST(schema, knows_every_supported_type) {
    EXPECT_EQ(
        property<sample::Everything>("tiny"),
        expected(R"({"type":["integer","null"],"format":"int32","minimum":0,"maximum":255})"));
    EXPECT_EQ(property<sample::Everything>("wide"),
              expected(R"({"type":["integer","null"],"format":"int64"})"));
    EXPECT_EQ(property<sample::Everything>("id"),
              expected(R"({"type":["string","null"],"pattern":"^-?[0-9]{1,19}$"})"));
    EXPECT_EQ(property<sample::Everything>("other_kind"),
              expected(R"({"type":["string","null"],"enum":["sms","email","app",null]})"));
    EXPECT_EQ(
        property<sample::Everything>("counts"),
        expected(
            R"({"type":["object","null"],"maxProperties":20,"additionalProperties":{"type":"integer","format":"int64"}})"));
    EXPECT_EQ(property<sample::Everything>("any"), expected("{}"));
}

TEST(schema, only_what_a_body_may_leave_out_may_be_null) {
    EXPECT_EQ(property<sample::Send>("channel").at("type"), "string");
    EXPECT_EQ(property<sample::Send>("template_id").at("type"), expected(R"(["integer","null"])"));
    EXPECT_EQ(property<sample::Tree>("name").at("type"), "string");
}

TEST(schema, query_parameters_are_openapi_parameters) {
    const boost::json::array list = parameters<sample::Filter>();
    ASSERT_EQ(list.size(), 7U);
    EXPECT_EQ(list[2], expected(R"({"name":"limit","in":"query","description":"How many.",
        "schema":{"type":"integer","format":"int32","minimum":1,"maximum":200,"default":50}})"));
    EXPECT_EQ(list[1].at("schema"), expected(R"({"type":"array","minItems":0,"maxItems":3,
                           "items":{"type":"string","enum":["pending","failed","success"]}})"));
}

TEST(pointer, is_the_json_pointer_of_a_path) {
    EXPECT_EQ(pointer_of("$"), "#");
    EXPECT_EQ(pointer_of("$.recipients[17].recipient"), "#/recipients/17/recipient");
    EXPECT_EQ(pointer_of("$[3]"), "#/3");
    EXPECT_EQ(pointer_of(R"($.counts["a/b~c d"])"), "#/counts/a~1b~0c%20d");
    EXPECT_EQ(pointer_of(R"($["\"]\u0001"].x)"), "#/%22%5D%01/x");
    EXPECT_EQ(pointer_of("$query.limit"), "");
    EXPECT_EQ(pointer_of(""), "");
    EXPECT_EQ(pointer_of("$["), "#/");
}

struct Wrong {
    int priority = 4;
};
const Object& describe(Tag<Wrong>) {
    static const Object description =
        object<Wrong>("Wrong", "", field("priority", &Wrong::priority, "").default_value(5));
    return description;
}

TEST(description_death, a_default_that_is_not_the_members_initialiser_stops_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH((void)description_of<Wrong>(), "assertion failed");
}

}  // namespace
}  // namespace hongyan::shape
