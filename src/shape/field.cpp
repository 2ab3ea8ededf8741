#include "shape/field.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "shape/json_reader.hpp"
#include "shape/write.hpp"

namespace hongyan::shape {
namespace {

/// The kind behind optionals, lists and maps: what the rules of a value are about.
const Type& innermost(const Type& type) {
    const Type* found = &type;
    while (found->kind == Kind::optional || found->kind == Kind::list || found->kind == Kind::map)
        found = found->element;
    return *found;
}

const Type& without_optional(const Type& type) {
    return type.kind == Kind::optional ? *type.element : type;
}

/// A default must be what the member holds when nothing was read; an optional's default is the
/// business of its reader.
void check_default(const Field& field, const void* fresh) {
    if (field.rules().default_value.empty() || field.type().kind == Kind::optional) return;
    std::string written;
    append_value(written, field.type(), field.rules(), field.in(fresh));
    HY_ASSERT(written == field.rules().default_value);
}

}  // namespace

Literal::Literal(bool value) : json_(value ? "true" : "false") {}
Literal::Literal(std::string_view text) : json_(json_quoted(text)) {}

std::string Literal::number_text(double value) {
    std::string out;
    append_number(out, value);
    return out;
}

Field::Field(std::string_view name, const Type& type, Access access, Pointer member,
             const void* owner, std::string_view description)
    : type_(&type), access_(access), member_(member), owner_(owner) {
    HY_ASSERT(!name.empty());
    rules_.name = name;
    rules_.key_json = json_quoted(name) + ":";
    rules_.description = description;
}

Kind Field::value_kind() const { return innermost(*type_).kind; }

Field&& Field::required() && {
    rules_.required = true;
    return std::move(*this);
}

Field&& Field::nullable() && {
    HY_ASSERT(type_->kind == Kind::optional);
    rules_.nullable = true;
    return std::move(*this);
}

Field&& Field::default_value(const Literal& value) && {
    rules_.default_value = value.json();
    return std::move(*this);
}

Field&& Field::set_range(std::int64_t low, std::int64_t high) {
    HY_ASSERT(low <= high);
    if (value_kind() == Kind::number)
        return set_range(static_cast<double>(low), static_cast<double>(high));
    HY_ASSERT(value_kind() == Kind::integer);
    rules_.min_int = low;
    rules_.max_int = high;
    return std::move(*this);
}

Field&& Field::set_range(double low, double high) {
    HY_ASSERT(low <= high && value_kind() == Kind::number);
    rules_.min = low;
    rules_.max = high;
    return std::move(*this);
}

Field&& Field::length(std::size_t low, std::size_t high) && {
    HY_ASSERT(low <= high && value_kind() == Kind::text);
    rules_.min_length = low;
    rules_.max_length = high;
    return std::move(*this);
}

Field&& Field::bytes(std::size_t limit) && {
    const Kind kind = value_kind();
    HY_ASSERT(kind == Kind::text || kind == Kind::json_object || kind == Kind::json_value);
    rules_.max_bytes = limit;
    return std::move(*this);
}

Field&& Field::items(std::size_t low, std::size_t high) && {
    HY_ASSERT(low <= high && without_optional(*type_).kind == Kind::list);
    rules_.min_items = low;
    rules_.max_items = high;
    return std::move(*this);
}

Field&& Field::max_entries(std::size_t limit) && {
    const Kind kind = without_optional(*type_).kind;
    HY_ASSERT(kind == Kind::map || kind == Kind::json_object);
    rules_.max_items = limit;
    return std::move(*this);
}

Field&& Field::one_of(std::span<const std::string_view> names) && {
    HY_ASSERT(!names.empty() && (value_kind() == Kind::text || value_kind() == Kind::choice));
    rules_.names.assign(names.begin(), names.end());
    return std::move(*this);
}

Field&& Field::one_of(std::initializer_list<std::string_view> names) && {
    return std::move(*this).one_of(std::span<const std::string_view>(names.begin(), names.size()));
}

Field&& Field::pattern(std::string_view expression, TextCheck function) && {
    rules_.pattern = expression;
    return std::move(*this).check(function);
}

Field&& Field::check(TextCheck function) && {
    HY_ASSERT(value_kind() == Kind::text);
    rules_.text_check = function;
    return std::move(*this);
}

Field&& Field::check(IntegerCheck function) && {
    HY_ASSERT(value_kind() == Kind::integer);
    rules_.integer_check = function;
    return std::move(*this);
}

Field&& Field::format(std::string_view name) && {
    rules_.format = name;
    return std::move(*this);
}

Field&& Field::example(const Literal& value) && {
    rules_.example = value.json();
    return std::move(*this);
}

Field&& Field::example_json(std::string_view json) && {
    rules_.example = json;
    return std::move(*this);
}

Field&& Field::read_only() && {
    rules_.read_only = true;
    return std::move(*this);
}

Field&& Field::omit_empty() && {
    rules_.omit_empty = true;
    return std::move(*this);
}

Field&& Field::date_time() && {
    HY_ASSERT(value_kind() == Kind::integer);
    rules_.form = Form::date_time;
    return std::move(*this);
}

Field&& Field::as_text() && {
    HY_ASSERT(value_kind() == Kind::integer);
    rules_.form = Form::as_text;
    return std::move(*this);
}

Field&& Field::raw_json() && {
    HY_ASSERT(value_kind() == Kind::text);
    rules_.form = Form::raw_json;
    return std::move(*this);
}

Field&& Field::raw_object() && {
    HY_ASSERT(value_kind() == Kind::text);
    rules_.form = Form::raw_object;
    return std::move(*this);
}

Object::Object(std::string_view name, std::string_view description, const void* owner)
    : name_(name), description_(description), owner_(owner) {
    HY_ASSERT(!name.empty());
}

Object&& Object::open() && {
    open_ = true;
    return std::move(*this);
}

Object&& Object::reply() && {
    open_ = true;
    reply_ = true;
    return std::move(*this);
}

Object&& Object::or_string(std::string_view field) && {
    const Field* found = find(field);
    HY_ASSERT(found != nullptr && without_optional(found->type()).kind == Kind::text);
    string_field_ = field;
    return std::move(*this);
}

Object&& Object::example_text(std::string_view json) && {
    example_ = json;
    return std::move(*this);
}

Object&& Object::set_rule(void (*function)(), const void* owner, CallRule call) {
    HY_ASSERT(owner == owner_ && call_rule_ == nullptr);
    rule_ = function;
    call_rule_ = call;
    return std::move(*this);
}

const Field* Object::string_field() const {
    return string_field_.empty() ? nullptr : find(string_field_);
}

const Field* Object::find(std::string_view field) const {
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const Field& f) { return f.rules().name == field; });
    return found == fields_.end() ? nullptr : &*found;
}

void Object::add(Field field) {
    HY_ASSERT(field.owner() == owner_);
    HY_ASSERT(find(field.rules().name) == nullptr);
    HY_ASSERT(innermost(field.type()).kind != Kind::choice || !field.rules().names.empty());
    fields_.push_back(std::move(field));
    HY_ASSERT(fields_.size() <= 64);  // the reader keeps the set of those seen in one word
}

void Object::add(std::vector<Field> fields) {
    for (auto& field : fields) add(std::move(field));
}

void Object::finish(const void* fresh) const {
    for (const Field& field : fields_) check_default(field, fresh);
}

}  // namespace hongyan::shape
