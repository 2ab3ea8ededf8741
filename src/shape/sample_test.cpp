#include "shape/sample_test.hpp"

namespace sample {

using shape::field;
using shape::object;

const shape::Object& describe(shape::Tag<Entry>) {
    static const shape::Object description =
        object<Entry>("RecipientEntry", "One recipient of a batch.",
                      field("recipient", &Entry::recipient, "Who.").required().length(1, 320),
                      field("variables", &Entry::variables, "This one's values.").max_entries(3))
            .or_string("recipient");
    return description;
}

template <class T>
std::vector<shape::Field> send_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(
        field<T>("channel", &T::channel, "How.").required().one_of(kind_names).example("sms"));
    fields.push_back(
        field<T>("template_id", &T::template_id, "Which template.").between(1, INT64_MAX));
    fields.push_back(
        field<T>("priority", &T::priority, "10 is most urgent.").between(0, 10).default_value(5));
    fields.push_back(field<T>("send_at", &T::send_at_ms, "When.").date_time());
    fields.push_back(field<T>("variables", &T::variables, "Values.").max_entries(100));
    fields.push_back(field<T>("metadata", &T::metadata, "Kept as it is.").raw_object().bytes(64));
    fields.push_back(field<T>("content", &T::content, "Instead of a template.").bytes(4096));
    return fields;
}

const shape::Object& describe(shape::Tag<Send>) {
    static const shape::Object description =
        object<Send>("SendRequest", "One message to one recipient.", send_fields<Send>(),
                     field("recipient", &Send::recipient, "Who.").required().length(1, 320))
            .rule<Send>([](const Send& send, shape::Problems& problems) {
                if (send.template_id && send.content) {
                    problems.add("content", "conflict",
                                 "content stands beside template_id, give one of them");
                }
            })
            .example_text(R"({"channel":"sms","recipient":"13800138000","template_id":1})");
    return description;
}

const shape::Object& describe(shape::Tag<Batch>) {
    static const shape::Object description =
        object<Batch>("SendBatchRequest", "One message to many.", send_fields<Batch>(),
                      field("recipients", &Batch::recipients, "Who.").required().items(1, 10000));
    return description;
}

const shape::Object& describe(shape::Tag<Everything>) {
    static const shape::Object description = object<Everything>(
        "Everything", "Each supported type once.", field("text", &Everything::text, ""),
        field("flag", &Everything::flag, ""), field("small", &Everything::small, ""),
        field("tiny", &Everything::tiny, ""), field("wide", &Everything::wide, ""),
        field("real", &Everything::real, "").between(-1e300, 1e300),
        field("narrow", &Everything::narrow, ""),
        field("kind", &Everything::kind, "").one_of(kind_names).default_value("sms"),
        field("other_kind", &Everything::other_kind, "").one_of(kind_names).nullable(),
        field("id", &Everything::id, "").as_text(),
        field("at", &Everything::at_ms, "").date_time().omit_empty(),
        field("maybe", &Everything::maybe, ""), field("entry", &Everything::entry, ""),
        field("numbers", &Everything::numbers, ""),
        field("words", &Everything::words, "").items(0, 50).length(0, 100),
        field("counts", &Everything::counts, "").max_entries(20),
        field("labels", &Everything::labels, ""), field("free", &Everything::free, ""),
        field("any", &Everything::any, ""));
    return description;
}

const shape::Object& describe(shape::Tag<Filter>) {
    static const shape::Object description = object<Filter>(
        "Filter", "", field("channel", &Filter::channel, "Only this.").one_of(kind_names),
        field("status", &Filter::status, "Any of these.")
            .items(0, 3)
            .one_of({"pending", "failed", "success"}),
        field("limit", &Filter::limit, "How many.").between(1, 200).default_value(50),
        field("created_after", &Filter::created_after_ms, "").date_time(),
        field("task_id", &Filter::task_id, "").as_text(), field("error", &Filter::error, ""),
        field("ratio", &Filter::ratio, "").between(0, 1));
    return description;
}

const shape::Object& describe(shape::Tag<Tree>) {
    static const shape::Object description =
        object<Tree>("Tree", "Holds itself.", field("name", &Tree::name, "").required(),
                     field("children", &Tree::children, "").omit_empty())
            .reply();
    return description;
}

}  // namespace sample
