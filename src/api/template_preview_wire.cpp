// Previews of templates as they stand in JSON; the rest of template_wire.hpp is in
// template_wire.cpp.
#include "api/template_wire.hpp"

namespace hongyan::api {
namespace {

using shape::field;

constexpr std::string_view example_draft =
    R"({"template":{"channel":"sms","content":"{{ customer_name }}，您的订单 {{ order_no }} 已发货。",)"
    R"("variables":[{"name":"order_no","sample":"SO20261123001"},{"name":"customer_name","sample":"张三"}]},)"
    R"("variables":{"customer_name":"李四"}})";

}  // namespace

SegmentsView view_of(const render::SmsSegments& s) {
    const auto count = [](std::size_t n) { return static_cast<std::int64_t>(n); };
    return {std::string(to_text(s.encoding)), count(s.characters), count(s.units),
            count(s.segments), count(s.per_segment)};
}

const shape::Object& describe(shape::Tag<PreviewRequest>) {
    using R = PreviewRequest;
    static const shape::Object object =
        shape::object<R>(
            "PreviewRequest", "Values for a preview of a saved template.",
            field("variables", &R::variables,
                  "Values, checked as those of a message; what is missing comes from the samples.")
                .max_entries(100)
                .example_json(R"({"order_no":"SO20261123001"})"),
            field("version", &R::version, "A version other than the current one.")
                .between(1, INT32_MAX)
                .example(1))
            .example_text(R"({"variables":{"order_no":"SO20261123001"}})");
    return object;
}

const shape::Object& describe(shape::Tag<DraftPreviewRequest>) {
    using R = DraftPreviewRequest;
    static const shape::Object object =
        shape::object<R>(
            "DraftPreviewRequest", "A template that is not saved, and values for it.",
            field("template", &R::draft, "The template, as it would be saved.").required(),
            field("variables", &R::variables,
                  "Values, checked as those of a message; what is missing comes from the samples.")
                .max_entries(100)
                .example_json(R"({"customer_name":"李四"})"))
            .example_text(std::string(example_draft));
    return object;
}

const shape::Object& describe(shape::Tag<SegmentsView>) {
    using V = SegmentsView;
    static const shape::Object object =
        shape::object<V>(
            "SmsSegments", "How many SMS the text becomes.",
            field("encoding", &V::encoding, "gsm7 if every character is in GSM 03.38, else ucs2.")
                .one_of({"gsm7", "ucs2"})
                .example("ucs2"),
            field("characters", &V::characters, "Characters as people count them.").example(34),
            field("units", &V::units, "Septets of gsm7, 16-bit units of ucs2.").example(34),
            field("segments", &V::segments, "Number of parts that are charged.").example(1),
            field("per_segment", &V::per_segment, "Units that one part holds.").example(70))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<CostView>) {
    using V = CostView;
    static const shape::Object object =
        shape::object<V>(
            "Cost", "What one message costs.",
            field("amount", &V::amount, "Parts times the price of one.").example(0.045),
            field("currency", &V::currency, "As the account says.").example("CNY"),
            field("account", &V::account, "Whose price it is.").example("main"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<PreviewView>) {
    using V = PreviewView;
    static const shape::Object object =
        shape::object<V>(
            "Preview", "The template's texts with values filled in, as a message would have them.",
            field("subject", &V::subject, "Subject or title.").example(""),
            field("content", &V::content, "The text.")
                .example("李四，您的订单 SO20261123001 已发货。"),
            field("html", &V::html, "E-mail: the HTML part.")
                .omit_empty()
                .example("<p>Hello 李四</p>"),
            field("variables_used", &V::variables_used, "Every value, given or from a sample.")
                .example_json(R"({"order_no":"SO20261123001","customer_name":"李四"})"),
            field("options", &V::options, "The provider sections with the values filled in.")
                .raw_object()
                .omit_empty()
                .example_json(R"({"aliyun":{"template_code":"SMS_123456"}})"),
            field("segments", &V::segments, "Of the channel sms: how many parts it takes."),
            field("cost", &V::cost,
                  "Of the channel sms: what one message costs on the account that would be used "
                  "first, if its settings name a price."))
            .reply();
    return object;
}

}  // namespace hongyan::api
