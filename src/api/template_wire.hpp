// Templates as they stand in JSON: what clients write, what they read back, previews. The declared
// variables are a real array here and JSON text in the table; the conversions between both are here
// too. Described in template_wire.cpp; plain data.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/enums.hpp"
#include "model/records.hpp"
#include "render/sms_segments.hpp"
#include "shape/shape.hpp"

namespace hongyan::api {

/// One declared variable. sample may be given as any JSON value; it is kept and shown as text.
struct TemplateVariable {
    std::string name;
    std::string type = "string";
    bool required = true;
    shape::JsonValue sample;
    std::string description;
    std::optional<int> max_length;
};

/// What a template and an unsaved draft of one have in common.
struct TemplateText {
    std::string title;
    ChannelKind channel = ChannelKind::sms;
    std::string subject;
    std::string content;
    std::string html;
    std::vector<TemplateVariable> variables;
    std::optional<std::string> status;
    std::string options;  ///< a JSON object as text
    std::optional<std::string> on_unknown;
    std::string design;
};

struct TemplateRequest : TemplateText {
    std::string name;
    std::string comment;
};
/// A template on its way to be written: the name may be missing still.
struct TemplateDraft : TemplateText {
    std::optional<std::string> name;
};

struct TemplateView {
    std::int64_t id = 0;
    std::string name;
    std::string title;
    ChannelKind channel = ChannelKind::sms;
    std::string subject;
    std::string content;
    std::string html;
    std::vector<TemplateVariable> variables;
    std::string status;
    int version = 1;
    std::int64_t created_at = 0;
    std::int64_t updated_at = 0;
    std::string options;
    std::optional<std::string> on_unknown;
    std::string design;
};
struct TemplatePage {
    std::vector<TemplateView> items;
    std::optional<std::string> next_cursor;
};
struct TemplateQuery {
    std::optional<ChannelKind> channel;
    std::optional<std::string> status;
    std::optional<std::string> q;
    int limit = 50;
    std::string cursor;
};

struct TemplateVersion {
    int version = 1;
    std::string subject;
    std::string content;
    std::string html;
    std::vector<TemplateVariable> variables;
    std::int64_t created_at = 0;
    std::string options;
    std::string design;
    std::optional<std::string> created_by = {};
    std::optional<std::int64_t> created_by_key = {};
    std::string comment = {};
};
struct TemplateVersionPage {
    std::vector<TemplateVersion> items;
};

struct PreviewRequest {
    std::optional<shape::JsonObject> variables;
    std::optional<int> version;
};
struct DraftPreviewRequest {
    TemplateDraft draft;
    std::optional<shape::JsonObject> variables;
};
struct SegmentsView {
    std::string encoding;
    std::int64_t characters = 0;
    std::int64_t units = 0;
    std::int64_t segments = 0;
    std::int64_t per_segment = 0;
};
struct CostView {
    double amount = 0;
    std::string currency;
    std::string account;
};
struct PreviewView {
    std::string subject;
    std::string content;
    std::string html;
    shape::JsonObject variables_used;
    std::optional<SegmentsView> segments;
    std::string options;
    std::optional<CostView> cost;
};

const shape::Object& describe(shape::Tag<TemplateVariable>);
const shape::Object& describe(shape::Tag<TemplateRequest>);
const shape::Object& describe(shape::Tag<TemplateDraft>);
const shape::Object& describe(shape::Tag<TemplateView>);
const shape::Object& describe(shape::Tag<TemplatePage>);
const shape::Object& describe(shape::Tag<TemplateQuery>);
const shape::Object& describe(shape::Tag<TemplateVersion>);
const shape::Object& describe(shape::Tag<TemplateVersionPage>);
const shape::Object& describe(shape::Tag<PreviewRequest>);
const shape::Object& describe(shape::Tag<DraftPreviewRequest>);
const shape::Object& describe(shape::Tag<SegmentsView>);
const shape::Object& describe(shape::Tag<CostView>);
const shape::Object& describe(shape::Tag<PreviewView>);

/// What is wrong with the name of a template: it must have a letter, and only letters (of any of
/// the scripts listed in the .cpp), digits and _ . - so that it can stand in a command line and in
/// a path.
[[nodiscard]] std::optional<std::string> check_template_name(std::string_view name);

/// What is wrong with the comment of a version.
[[nodiscard]] std::optional<std::string> check_comment(std::string_view comment);

/// The record without id, tenant, name, version and times.
[[nodiscard]] TemplateRecord record_of(const TemplateText& text);
/// The declarations of a record; empty if the table holds what no request could have written.
[[nodiscard]] std::vector<TemplateVariable> variables_of(const TemplateRecord& record);
[[nodiscard]] TemplateView view_of(const TemplateRecord& record);
[[nodiscard]] TemplateVersion version_of(const TemplateRecord& record);
[[nodiscard]] SegmentsView view_of(const render::SmsSegments& segments);

}  // namespace hongyan::api
