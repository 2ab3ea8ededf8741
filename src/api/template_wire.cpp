#include "api/template_wire.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "render/variables.hpp"

namespace hongyan::api {
namespace {

using shape::field;
namespace json = boost::json;

constexpr std::array<std::string_view, 2> template_statuses{"active", "disabled"};
constexpr std::array<std::string_view, 2> unknown_policies{"send_again", "hold"};
constexpr std::string_view options_text =
    "What only one provider understands, in a section by its name; texts in it may use the "
    "variables. See options_schema of GET /api/providers.";
constexpr std::string_view on_unknown_text =
    "What follows when a request left and its answer never came: send_again risks a second copy, "
    "hold keeps the message as unknown; without it the server's setting holds.";
constexpr std::size_t longest_design = 512 * 1024;

template <class T, class M>
shape::Field design_field(M member) {
    return field<T>("design", member,
                    "What the visual editor needs to open the template again; kept with each "
                    "version, not looked at. Lists leave it out.")
        .bytes(longest_design)
        .omit_empty()
        .example(R"({"pages":[]})");
}

constexpr std::string_view example_options =
    R"({"aliyun":{"template_code":"SMS_123456","template_params":{"code":"{{ order_no }}"}}})";
constexpr std::size_t longest_source = 64 * 1024;
constexpr std::string_view example_content =
    "{{ customer_name }}，您的订单 {{ order_no }} 已发货。";
constexpr std::string_view example_variables =
    R"([{"name":"order_no","sample":"SO20261123001","description":"Order number","max_length":64},{"name":"customer_name","sample":"张三"}])";

struct Range {
    char32_t first;
    char32_t last;
};
/// Letters of Latin, Greek, Cyrillic, Kana, Hangul and Han: blocks without spaces, punctuation or
/// marks of direction.
constexpr std::array<Range, 15> letters{{{'A', 'Z'},
                                         {'a', 'z'},
                                         {0xC0, 0xD6},
                                         {0xD8, 0xF6},
                                         {0xF8, 0x24F},
                                         {0x370, 0x373},
                                         {0x386, 0x3FF},
                                         {0x400, 0x481},
                                         {0x48A, 0x52F},
                                         {0x3005, 0x3007},
                                         {0x3041, 0x3096},
                                         {0x30A1, 0x30FA},
                                         {0x3400, 0x9FFF},
                                         {0xAC00, 0xD7A3},
                                         {0x20000, 0x323AF}}};

/// The code point at the front of well-formed UTF-8, which is taken off.
char32_t take_character(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    char32_t value = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < std::min(length, text.size()); ++i) {
        value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    }
    text.remove_prefix(std::min(length, text.size()));
    return value;
}

bool is_letter(char32_t c) {
    return std::any_of(letters.begin(), letters.end(),
                       [c](const Range& r) { return c >= r.first && c <= r.last; });
}

std::string sample_text(const json::value& sample) {
    if (sample.is_null()) return "";
    if (sample.is_string())
        return std::string(sample.get_string().data(), sample.get_string().size());
    return json::serialize(sample);
}

template <class T>
std::vector<shape::Field> text_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field<T>("title", &T::title, "A name for people.")
                         .length(0, 200)
                         .omit_empty()
                         .example("Order shipped"));
    fields.push_back(
        field<T>("channel", &T::channel, "The channel it is written for; it stays for ever.")
            .required()
            .one_of(channel_names)
            .example("sms"));
    fields.push_back(field<T>("subject", &T::subject, "Subject or title; an e-mail must have one.")
                         .bytes(4'096)
                         .example(""));
    fields.push_back(
        field<T>("content", &T::content,
                 "The text, for e-mail the text part; a card's JSON for app, wechat, feishu.")
            .required()
            .length(1, longest_source)
            .bytes(longest_source)
            .example(example_content));
    fields.push_back(
        field<T>("html", &T::html, "E-mail only: the HTML part, whose values are escaped.")
            .bytes(longest_source)
            .omit_empty()
            .example("<p>Hello {{ customer_name }}</p>"));
    fields.push_back(field<T>("variables", &T::variables, "The variables that the texts may use.")
                         .items(0, render::max_variables)
                         .example_json(example_variables));
    fields.push_back(field<T>("status", &T::status,
                              "A disabled template takes no new messages. A new one is active; a "
                              "change without it leaves it.")
                         .one_of(template_statuses)
                         .example("active"));
    fields.push_back(field<T>("options", &T::options, options_text)
                         .raw_object()
                         .bytes(longest_source)
                         .example_json(example_options));
    fields.push_back(field<T>("on_unknown", &T::on_unknown, on_unknown_text)
                         .one_of(unknown_policies)
                         .example("hold"));
    fields.push_back(design_field<T>(&T::design));
    return fields;
}

void check_text(const TemplateText& t, shape::Problems& problems) {
    const bool is_email = t.channel == ChannelKind::email;
    if (!t.html.empty() && !is_email)
        problems.add("html", "conflict", "html is only for the channel email");
    if (t.subject.empty() && is_email)
        problems.add("subject", "required", "a mail needs a subject");
}

}  // namespace

std::optional<std::string> check_comment(std::string_view comment) {
    for (const char c : comment) {
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7F)
            return "must be one line without control characters";
    }
    return std::nullopt;
}

std::optional<std::string> check_template_name(std::string_view name) {
    bool has_letter = false;
    while (!name.empty()) {
        const char32_t c = take_character(name);
        const bool letter = is_letter(c);
        has_letter = has_letter || letter;
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '.' && c != '-') {
            return "must consist of letters, digits and the marks _ . - without spaces";
        }
    }
    // A number stands for an id wherever either is taken.
    if (!has_letter) return "must have a letter, so that it is not taken for an id";
    return std::nullopt;
}

TemplateRecord record_of(const TemplateText& text) {
    std::vector<render::VariableSpec> specs;
    for (const auto& v : text.variables) {
        const auto type =
            render::variable_type_from_text(v.type).value_or(render::VariableType::string);
        specs.push_back(
            {v.name, type, v.required, sample_text(v.sample), v.description, v.max_length});
    }
    TemplateRecord record;
    record.title = text.title;
    record.channel = text.channel;
    record.subject = text.subject;
    record.content = text.content;
    record.html = text.html;
    record.variables = render::write_specs(specs);
    record.status = text.status.value_or("active");
    record.options = text.options;
    record.on_unknown = text.on_unknown.value_or("");
    record.design = text.design;
    return record;
}

std::vector<TemplateVariable> variables_of(const TemplateRecord& record) {
    std::vector<TemplateVariable> variables;
    const auto specs = render::read_specs(record.variables);
    if (!specs) return variables;
    for (const auto& spec : *specs) {
        auto& v = variables.emplace_back();
        v.name = spec.name;
        v.type = to_text(spec.type);
        v.required = spec.required;
        if (!spec.sample.empty()) v.sample = json::string(spec.sample);
        v.description = spec.description;
        v.max_length = spec.max_length;
    }
    return variables;
}

TemplateView view_of(const TemplateRecord& r) {
    return {r.id,         r.name,
            r.title,      r.channel,
            r.subject,    r.content,
            r.html,       variables_of(r),
            r.status,     r.version,
            r.created_ms, r.updated_ms,
            r.options,    r.on_unknown.empty() ? std::nullopt : std::optional(r.on_unknown),
            r.design};
}

TemplateVersion version_of(const TemplateRecord& r) {
    TemplateVersion v{r.version,       r.subject,    r.content, r.html,
                      variables_of(r), r.updated_ms, r.options, r.design};
    if (!r.saved_by.name.empty()) {
        v.created_by = r.saved_by.name;
        v.created_by_key = r.saved_by.key_id;
    }
    v.comment = r.comment;
    return v;
}

const shape::Object& describe(shape::Tag<TemplateVariable>) {
    using V = TemplateVariable;
    static const shape::Object object =
        shape::object<V>(
            "TemplateVariable", "One declared variable of a template.",
            field("name", &V::name, "Letter or _, then letters, digits and _.")
                .required()
                .length(1, 64)
                .example("order_no"),
            field("type", &V::type, "What a value must be.")
                .one_of(render::variable_type_names)
                .default_value("string"),
            field("required", &V::required, "Whether a message must have it.").default_value(true),
            field("sample", &V::sample, "For previews: text, or any JSON value; shown as text.")
                .bytes(16'384)
                .omit_empty()
                .example("SO20261123001"),
            field("description", &V::description, "For people.")
                .length(0, 500)
                .omit_empty()
                .example("Order number"),
            field("max_length", &V::max_length,
                  "Most characters of a text, most elements of a list.")
                .between(1, 1'000'000)
                .example(64))
            .example_text(R"({"name":"order_no","type":"string","sample":"SO20261123001"})");
    return object;
}

const shape::Object& describe(shape::Tag<TemplateRequest>) {
    using R = TemplateRequest;
    static const shape::Object object =
        shape::object<R>("TemplateRequest", "A template to be made or changed.",
                         field("name", &R::name,
                               "What messages call it by; unique. Letters, digits and _ . - with "
                               "at least one letter.")
                             .required()
                             .length(1, 128)
                             .check(check_template_name)
                             .example("order_shipped"),
                         field("comment", &R::comment,
                               "What this change is for, in one line; kept with the version that "
                               "it makes. A change that makes no version keeps none.")
                             .length(0, 200)
                             .check(check_comment)
                             .omit_empty()
                             .example("Shorter, so that it fits into one SMS"),
                         text_fields<R>())
            .rule<R>([](const R& r, shape::Problems& problems) { check_text(r, problems); })
            .example_text(R"({"name":"order_shipped","channel":"sms","content":")" +
                          std::string(example_content) + R"(","variables":)" +
                          std::string(example_variables) + "}");
    return object;
}

const shape::Object& describe(shape::Tag<TemplateDraft>) {
    using R = TemplateDraft;
    static const shape::Object object =
        shape::object<R>("TemplateDraft", "A template that is not saved; it needs no name yet.",
                         field("name", &R::name, "Not used by a preview.")
                             .length(0, 128)
                             .example("order_shipped"),
                         text_fields<R>())
            .rule<R>([](const R& r, shape::Problems& problems) { check_text(r, problems); });
    return object;
}

const shape::Object& describe(shape::Tag<TemplateView>) {
    using V = TemplateView;
    static const shape::Object object =
        shape::object<V>(
            "Template", "A template as it is now.",
            field("id", &V::id, "Id of the template.").example(1),
            field("name", &V::name, "What messages call it by.").example("order_shipped"),
            field("title", &V::title, "A name for people.").omit_empty().example("Order shipped"),
            field("channel", &V::channel, "The channel it is written for.")
                .one_of(channel_names)
                .example("sms"),
            field("subject", &V::subject, "Subject or title.").example(""),
            field("content", &V::content, "The text.").example(example_content),
            field("html", &V::html, "E-mail: the HTML part.")
                .omit_empty()
                .example("<p>Hello {{ customer_name }}</p>"),
            field("variables", &V::variables, "The declared variables.")
                .example_json(example_variables),
            field("status", &V::status, "Whether it takes new messages.")
                .one_of(template_statuses)
                .example("active"),
            field("version", &V::version,
                  "Raised by every change of subject, content, html, variables, options or design.")
                .example(1),
            field("options", &V::options, options_text)
                .raw_object()
                .omit_empty()
                .example_json(example_options),
            field("on_unknown", &V::on_unknown, on_unknown_text)
                .one_of(unknown_policies)
                .example("hold"),
            design_field<V>(&V::design),
            field("created_at", &V::created_at, "When it was made.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"),
            field("updated_at", &V::updated_at, "When it was last changed.")
                .date_time()
                .example("2026-11-23T08:00:00.000Z"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<TemplatePage>) {
    static const shape::Object object =
        shape::object<TemplatePage>(
            "TemplatePage", "Templates, oldest first.",
            field("items", &TemplatePage::items, "The templates."),
            field("next_cursor", &TemplatePage::next_cursor, "Give it as cursor for the next page.")
                .example("YzE6MTc"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<TemplateQuery>) {
    using Q = TemplateQuery;
    static const shape::Object object = shape::object<Q>(
        "TemplateQuery", "Filters of a list of templates.",
        field("channel", &Q::channel, "Only this channel.").one_of(channel_names).example("sms"),
        field("status", &Q::status, "Only this status.")
            .one_of(template_statuses)
            .example("active"),
        field("q", &Q::q,
              "Words, each of which is a part of the id, the name, the title or the subject; "
              "capital and small letters of English are the same.")
            .length(1, 200)
            .example("order"),
        field("limit", &Q::limit, "How many at most.").between(1, 200).default_value(50),
        field("cursor", &Q::cursor, "next_cursor of the page before.").length(0, 200).example(""));
    return object;
}

const shape::Object& describe(shape::Tag<TemplateVersion>) {
    using V = TemplateVersion;
    static const shape::Object object =
        shape::object<V>("TemplateVersion", "One version of a template; it never changes.",
                         field("version", &V::version, "Number of the version.").example(1),
                         field("subject", &V::subject, "Subject or title.").example(""),
                         field("content", &V::content, "The text.").example(example_content),
                         field("html", &V::html, "E-mail: the HTML part.")
                             .omit_empty()
                             .example("<p>Hello {{ customer_name }}</p>"),
                         field("variables", &V::variables, "The declared variables.")
                             .example_json(example_variables),
                         field("options", &V::options, options_text)
                             .raw_object()
                             .omit_empty()
                             .example_json(example_options),
                         design_field<V>(&V::design),
                         field("created_at", &V::created_at, "When it was made.")
                             .date_time()
                             .example("2026-11-23T08:00:00.000Z"),
                         field("created_by", &V::created_by,
                               "Name of the API key that saved it; absent where it is not known: "
                               "of versions from before this was noted.")
                             .example("marketing"),
                         field("created_by_key", &V::created_by_key,
                               "Id of that key; 0 is the administrator's of the configuration.")
                             .example(3),
                         field("comment", &V::comment, "What its author says that it changes.")
                             .omit_empty()
                             .example("Shorter, so that it fits into one SMS"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<TemplateVersionPage>) {
    static const shape::Object object =
        shape::object<TemplateVersionPage>(
            "TemplateVersionPage", "The last 200 versions of a template, newest first.",
            field("items", &TemplateVersionPage::items, "The versions."))
            .reply();
    return object;
}

}  // namespace hongyan::api
