#include "channel/wechat/settings.hpp"

namespace hongyan::wechat {
namespace {

using shape::field;

template <class T>
std::vector<shape::Field> template_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field<T>("template_id", &T::template_id, "The template's id at WeChat.")
                         .required()
                         .length(1, 128)
                         .example("ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY"));
    fields.push_back(
        field<T>("data", &T::data, "A value for each field of the template.")
            .max_entries(32)
            .example_json(R"({"thing1":{"value":"Order"},"time2":{"value":"2026-01-02 03:04"}})"));
    fields.push_back(field<T>("miniprogram", &T::miniprogram,
                              "The mini-program that a tap opens; goes before any address."));
    return fields;
}

void check_wecom(const WecomOptions& o, shape::Problems& problems) {
    const auto need = [&](bool missing, std::string_view name) {
        if (missing) problems.add(name, "required", "must be given with this msg_type");
    };
    need(o.msg_type == "textcard" && o.url.empty(), "url");
    need(o.msg_type == "news" && o.articles.empty(), "articles");
    need(o.msg_type == "template_card" && o.template_card.empty(), "template_card");
    need((o.msg_type == "image" || o.msg_type == "file") && o.media_id.empty(), "media_id");
}

void check_robot(const WecomRobotOptions& o, shape::Problems& problems) {
    const auto need = [&](bool missing, std::string_view name) {
        if (missing) problems.add(name, "required", "must be given with this msg_type");
    };
    need(o.msg_type == "news" && o.articles.empty(), "articles");
    need(o.msg_type == "template_card" && o.template_card.empty(), "template_card");
    need(o.msg_type == "file" && o.media_id.empty(), "media_id");
}

shape::Object described_wecom() {
    return shape::object<WecomOptions>(
               "WecomOptions", "What only an application of WeCom understands of a message.",
               field("msg_type", &WecomOptions::msg_type,
                     "The message's form; empty: template_card, news or textcard if template_card, "
                     "articles or url is given, else text.")
                   .one_of({"", "text", "markdown", "textcard", "news", "template_card", "image",
                            "file"})
                   .example("markdown"),
               field("title", &WecomOptions::title, "Title of a textcard, else the subject.")
                   .length(0, 128),
               field("url", &WecomOptions::url, "What a tap on a textcard opens.").length(0, 2'048),
               field("button_text", &WecomOptions::button_text, "The words on a textcard's button.")
                   .length(0, 4),
               field("articles", &WecomOptions::articles, "The articles of a news message.")
                   .items(0, 8),
               field("template_card", &WecomOptions::template_card, "A template card.")
                   .raw_object(),
               field("media_id", &WecomOptions::media_id, "A picture or file uploaded before.")
                   .length(0, 256),
               field("safe", &WecomOptions::safe,
                     "0: may be shared, 1: may not, 2: may be shared inside the corporation.")
                   .between(0, 2)
                   .default_value(0),
               field("enable_id_trans", &WecomOptions::enable_id_trans,
                     "Whether ids in the text are shown as names.")
                   .default_value(false))
        .rule<WecomOptions>(check_wecom);
}

shape::Object described_robot() {
    return shape::object<WecomRobotOptions>(
               "WecomRobotOptions", "What only a robot of WeCom understands of a message.",
               field("msg_type", &WecomRobotOptions::msg_type,
                     "The message's form; empty: template_card or news if template_card or "
                     "articles is given, else text.")
                   .one_of({"", "text", "markdown", "markdown_v2", "news", "template_card", "file"})
                   .example("markdown"),
               field("mentioned_list", &WecomRobotOptions::mentioned_list,
                     "User ids to call by name in a text, or @all.")
                   .items(0, 100)
                   .length(1, 64),
               field("mentioned_mobile_list", &WecomRobotOptions::mentioned_mobile_list,
                     "The same by phone numbers.")
                   .items(0, 100)
                   .length(1, 32),
               field("articles", &WecomRobotOptions::articles, "The articles of a news message.")
                   .items(0, 8),
               field("template_card", &WecomRobotOptions::template_card, "A template card.")
                   .raw_object(),
               field("media_id", &WecomRobotOptions::media_id, "A file uploaded before.")
                   .length(0, 256))
        .rule<WecomRobotOptions>(check_robot);
}

shape::Object described_article() {
    return shape::object<Article>(
        "WecomArticle", "One article of a news message.",
        field("title", &Article::title, "Its title.").required().length(1, 128),
        field("description", &Article::description, "What stands below.").length(0, 512),
        field("url", &Article::url, "What a tap opens.").required().length(1, 2'048),
        field("picurl", &Article::picurl, "A picture.").length(0, 2'048));
}

}  // namespace

const shape::Object& describe(shape::Tag<DataValue>) {
    static const shape::Object object = shape::object<DataValue>(
        "WechatDataValue", "One value of a template.",
        field("value", &DataValue::value, "The text.").required().length(0, 1'024));
    return object;
}

const shape::Object& describe(shape::Tag<MiniProgram>) {
    static const shape::Object object = shape::object<MiniProgram>(
        "WechatMiniProgram", "A mini-program bound to the account.",
        field("appid", &MiniProgram::appid, "Its AppID.").required().length(1, 64),
        field("pagepath", &MiniProgram::pagepath, "The page, with parameters.").length(0, 1'024));
    return object;
}

const shape::Object& describe(shape::Tag<TemplateOptions>) {
    static const shape::Object object = shape::object<TemplateOptions>(
        "WechatOptions", "A template message of WeChat.", template_fields<TemplateOptions>(),
        field("url", &TemplateOptions::url, "What a tap opens.").length(0, 2'048));
    return object;
}

const shape::Object& describe(shape::Tag<SubscribeOptions>) {
    static const shape::Object object = shape::object<SubscribeOptions>(
        "WechatSubscribeOptions", "A subscription message of WeChat.",
        template_fields<SubscribeOptions>(),
        field("page", &SubscribeOptions::page, "What a tap opens.").length(0, 2'048));
    return object;
}

const shape::Object& describe(shape::Tag<Article>) {
    static const shape::Object object = described_article();
    return object;
}

const shape::Object& describe(shape::Tag<WecomOptions>) {
    static const shape::Object object = described_wecom();
    return object;
}

const shape::Object& describe(shape::Tag<WecomRobotOptions>) {
    static const shape::Object object = described_robot();
    return object;
}

}  // namespace hongyan::wechat
