#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "api/template_preview.hpp"

namespace hongyan::api {
namespace {

namespace json = boost::json;

constexpr const char* order_json =
    R"({"name":"订单.order-1","channel":"sms","content":"{{ name }} gets {{ count }}{% if note %} ({{ note }}){% endif %}",
"variables":[{"name":"name","sample":"Li","max_length":8},{"name":"count","type":"integer","sample":3},
{"name":"note","required":false,"sample":"soon"}]})";

delivery::TemplatePtr compiled(std::string_view text) {
    const auto asked = shape::read<TemplateRequest>(text);
    EXPECT_TRUE(asked) << (asked ? "" : asked.error().detail);
    auto record = record_of(*asked);
    record.name = asked->name;
    auto made = delivery::compile_template(record);
    EXPECT_TRUE(made) << (made ? "" : made.error().problems[0].detail);
    return *made;
}

std::string first_problem(std::string_view text) {
    const auto asked = shape::read<TemplateRequest>(text);
    return asked || asked.error().problems.empty() ? "" : asked.error().problems[0].path;
}

TEST(templates, variables_are_an_array_in_json_and_text_in_the_table) {
    const auto chosen = compiled(order_json);
    EXPECT_EQ(render::write_specs(chosen->specs), chosen->record.variables);
    const auto view = json::parse(shape::write(view_of(chosen->record)));
    const auto& variables = view.at("variables").as_array();
    ASSERT_EQ(variables.size(), 3U);
    EXPECT_EQ(variables[1].at("sample"), json::value("3"));
    EXPECT_EQ(variables[1].at("type"), json::value("integer"));
    EXPECT_EQ(variables[2].at("required"), json::value(false));
    EXPECT_FALSE(view.as_object().contains("html"));
}

TEST(templates, what_is_read_can_be_written_back) {
    auto record = compiled(order_json)->record;
    auto view = json::parse(shape::write(view_of(record))).as_object();
    for (const auto* set_by_server : {"id", "version", "created_at", "updated_at"})
        view.erase(set_by_server);
    EXPECT_EQ(compiled(json::serialize(view))->record.variables, record.variables);
}

TEST(templates, names_are_letters_digits_and_three_marks) {
    for (const auto* good : {"order_shipped", "订单发货", "a.b-c", "Ünïcode9", "注文が発送"})
        EXPECT_FALSE(check_template_name(good)) << good;
    for (const auto* bad :
         {"17", "-5", "a b", "a/b", "a\u3000b", "a\u200Bb", "，", "a\nb", "\u202Eab"}) {
        EXPECT_TRUE(check_template_name(bad)) << bad;
    }
}

TEST(templates, each_wrong_field_is_named) {
    EXPECT_EQ(first_problem(R"({"name":"a","channel":"sms","content":"x","html":"<p>"})"),
              "$.html");
    EXPECT_EQ(first_problem(R"({"name":"a","channel":"email","content":"x"})"), "$.subject");
    EXPECT_EQ(first_problem(R"({"name":"a b","channel":"sms","content":"x"})"), "$.name");
    EXPECT_EQ(first_problem(R"({"name":"a","channel":"sms","content":""})"), "$.content");
    EXPECT_EQ(
        first_problem(
            R"({"name":"a","channel":"sms","content":"x","variables":[{"name":"b","type":"int"}]})"),
        "$.variables[0].type");
}

TEST(templates, a_preview_fills_what_is_missing_from_the_samples) {
    const auto chosen = compiled(order_json);
    auto preview = make_preview(*chosen, nullptr);
    ASSERT_TRUE(preview);
    EXPECT_EQ(preview->content, "Li gets 3 (soon)");
    ASSERT_TRUE(preview->segments);
    EXPECT_EQ(preview->segments->encoding, "gsm7");
    EXPECT_EQ(preview->segments->units, 16);
    EXPECT_EQ(preview->segments->segments, 1);
    const json::object given{{"name", "张三"}, {"note", nullptr}};
    preview = make_preview(*chosen, &given);
    ASSERT_TRUE(preview);
    EXPECT_EQ(preview->content, "张三 gets 3 (soon)") << "null has its sample";
    EXPECT_EQ(preview->segments->encoding, "ucs2");
    EXPECT_EQ(preview->variables_used.at("count"), json::value(3));
}

TEST(templates, given_values_are_checked_as_those_of_a_message) {
    const auto chosen = compiled(order_json);
    const json::object given{{"name", "far too long"}, {"count", "3"}, {"nme", 1}};
    const auto preview = make_preview(*chosen, &given);
    ASSERT_FALSE(preview);
    EXPECT_EQ(preview.error().code, ErrorCode::template_variables);
    ASSERT_EQ(preview.error().problems.size(), 3U);
    EXPECT_EQ(preview.error().problems[0].path, "$.variables.name");
}

TEST(templates, the_examples_of_the_descriptions_are_good) {
    const auto request =
        shape::read<TemplateRequest>(shape::description_of<TemplateRequest>().example());
    ASSERT_TRUE(request) << request.error().detail;
    const auto preview =
        shape::read<DraftPreviewRequest>(shape::description_of<DraftPreviewRequest>().example());
    ASSERT_TRUE(preview) << preview.error().detail;
    const auto made = delivery::compile_template(record_of(preview->draft));
    ASSERT_TRUE(made);
    EXPECT_EQ(make_preview(**made, &*preview->variables)->content,
              "李四，您的订单 SO20261123001 已发货。");
    EXPECT_TRUE(shape::read<PreviewRequest>(shape::description_of<PreviewRequest>().example()));
}

}  // namespace
}  // namespace hongyan::api
