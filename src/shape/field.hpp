// Field and Object: the one description of a request or reply struct, from which reading, writing,
// the query parameters and the OpenAPI schema all follow. A description is built once, inside
// describe(), and is constant after that: safe from every thread. A description that contradicts
// itself stops the program (HY_ASSERT) when it is built.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>

#include "base/result.hpp"
#include "shape/type.hpp"

namespace hongyan::shape {

/// One JSON value given in a description: a bool, number or text.
class Literal {
  public:
    Literal(bool value);             // NOLINT: implicit by design, all four
    Literal(std::string_view text);  // NOLINT
    Literal(const char* text) : Literal(std::string_view(text)) {}  // NOLINT
    template <std::integral T>
    requires(!std::same_as<T, bool>) Literal(T value) : json_(std::to_string(value)) {}  // NOLINT
    template <std::floating_point T>
    Literal(T value) : json_(number_text(static_cast<double>(value))) {}  // NOLINT
    [[nodiscard]] const std::string& json() const { return json_; }

  private:
    static std::string number_text(double value);
    std::string json_;
};

/// The wire form of a member where its C++ type leaves a choice.
enum class Form : std::uint8_t {
    plain,       ///< as the C++ type says
    date_time,   ///< int64 milliseconds since 1970 <-> RFC 3339 text
    as_text,     ///< int64 <-> decimal text, for ids that JavaScript would round
    raw_json,    ///< std::string that holds any JSON text, written verbatim; "" is absent
    raw_object,  ///< the same, but it must be a JSON object
};

/// A check beyond the fixed rules: nothing if the value is good, else what is wrong and what would
/// be right.
using TextCheck = std::optional<std::string> (*)(std::string_view);
using IntegerCheck = std::optional<std::string> (*)(std::int64_t);

/// All that a description says of one field. For a list or map, the rules of the value hold for
/// each element.
struct FieldRules {
    std::string name;
    std::string key_json;  ///< "name": with quotes and colon, ready to be written
    std::string description;
    std::string example;        ///< JSON text, "" for none
    std::string default_value;  ///< JSON text, "" for none
    std::string pattern;
    std::string format;
    std::vector<std::string_view> names;  ///< one_of
    Form form = Form::plain;
    bool required = false;
    bool nullable = false;
    bool read_only = false;
    bool omit_empty = false;
    std::optional<double> min, max;                     ///< of a number
    std::optional<std::int64_t> min_int, max_int;       ///< of an integer
    std::optional<std::size_t> min_length, max_length;  ///< of text, in code points
    std::optional<std::size_t> max_bytes;  ///< of text, or of free JSON written compactly
    std::optional<std::size_t> min_items, max_items;  ///< of a list, map or free object
    TextCheck text_check = nullptr;
    IntegerCheck integer_check = nullptr;
};

/// One member of a described struct. Made by field(), refined by the chained calls.
class Field {
  public:
    using Pointer = std::array<std::byte, sizeof(int Field::*)>;
    using Access = void* (*)(void* owner, const Pointer& member);

    Field(std::string_view name, const Type& type, Access access, Pointer member, const void* owner,
          std::string_view description);

    /// Absent (or null) is a problem.
    Field&& required() &&;
    /// An empty optional is written as null instead of being left out.
    Field&& nullable() &&;
    /// The value a reader gets when the field is absent. Documents the member's initialiser, which
    /// must be the same.
    Field&& default_value(const Literal& value) &&;
    /// Closed range of a number; both ends allowed.
    template <class A, class B>
    Field&& between(A low, B high) && {
        if constexpr (std::integral<A> && std::integral<B>) {
            return set_range(static_cast<std::int64_t>(low), static_cast<std::int64_t>(high));
        } else {
            return set_range(static_cast<double>(low), static_cast<double>(high));
        }
    }
    /// Text length in code points, both ends allowed.
    Field&& length(std::size_t low, std::size_t high) &&;
    /// Upper limit of text in bytes; of JsonObject, JsonValue and raw JSON in their compact form.
    Field&& bytes(std::size_t limit) &&;
    /// Number of elements of a list.
    Field&& items(std::size_t low, std::size_t high) &&;
    /// Upper limit of entries of a map or JsonObject.
    Field&& max_entries(std::size_t limit) &&;
    /// The closed set of words: of a text, or of an enum whose values are the indexes. The texts
    /// must live for ever.
    Field&& one_of(std::span<const std::string_view> names) &&;
    Field&& one_of(std::initializer_list<std::string_view> names) &&;
    /// Stands in the schema only; the check decides.
    Field&& pattern(std::string_view expression, TextCheck function) &&;
    Field&& check(TextCheck function) &&;
    Field&& check(IntegerCheck function) &&;
    /// Stands in the schema only, e.g. "uri", "email".
    Field&& format(std::string_view name) &&;
    Field&& example(const Literal& value) &&;
    /// An example that is a list or object, as JSON text.
    Field&& example_json(std::string_view json) &&;
    /// Ignored when read, written in replies.
    Field&& read_only() &&;
    /// An empty text, list, map or free object, and the number 0, are left out when written.
    Field&& omit_empty() &&;
    Field&& date_time() &&;
    Field&& as_text() &&;
    Field&& raw_json() &&;
    Field&& raw_object() &&;

    [[nodiscard]] const FieldRules& rules() const { return rules_; }
    [[nodiscard]] const Type& type() const { return *type_; }
    [[nodiscard]] void* in(void* owner) const { return access_(owner, member_); }
    [[nodiscard]] const void* in(const void* owner) const {
        return access_(const_cast<void*>(owner), member_);
    }
    /// Identifies the struct the member was described for.
    [[nodiscard]] const void* owner() const { return owner_; }

  private:
    Field&& set_range(std::int64_t low, std::int64_t high);
    Field&& set_range(double low, double high);
    [[nodiscard]] Kind value_kind() const;

    FieldRules rules_;
    const Type* type_;
    Access access_;
    Pointer member_;
    const void* owner_;
};

/// Where rules of a whole object leave what they find. Paths are relative: "send_at" becomes
/// "$.send_at" at the top.
class Problems {
  public:
    virtual ~Problems() = default;
    /// field is the JSON name of a field of this object, or "" for the object itself.
    virtual void add(std::string_view field, std::string_view code, std::string detail) = 0;
};

/// The description of one struct. Made by object<T>(), refined by the chained calls.
class Object {
  public:
    Object(std::string_view name, std::string_view description, const void* owner);

    /// Unknown keys are skipped instead of being problems.
    Object&& open() &&;
    /// For replies: every field that is always written is "required" in the schema, and the schema
    /// is open.
    Object&& reply() &&;
    /// A JSON string in place of the object stands for {field: string}.
    Object&& or_string(std::string_view field) &&;
    Object&& example_text(std::string_view json) &&;
    /// A rule over several fields, asked only when every field by itself is right:
    /// `.rule<SendRequest>([](const SendRequest& r, shape::Problems& problems) { ... })`, a lambda
    /// without captures.
    template <class T>
    Object&& rule(void (*function)(const T&, Problems&)) && {
        return set_rule(reinterpret_cast<void (*)()>(function), &owner_tag<T>,
                        [](const void* value, Problems& problems, void (*erased)()) {
                            reinterpret_cast<void (*)(const T&, Problems&)>(erased)(
                                *static_cast<const T*>(value), problems);
                        });
    }

    template <class T>
    static constexpr char owner_tag = 0;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& description() const { return description_; }
    [[nodiscard]] const std::string& example() const { return example_; }
    [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
    [[nodiscard]] bool is_open() const { return open_; }
    [[nodiscard]] bool is_reply() const { return reply_; }
    /// The field that a bare string stands for, or null.
    [[nodiscard]] const Field* string_field() const;
    [[nodiscard]] const Field* find(std::string_view field) const;
    [[nodiscard]] bool has_rule() const { return call_rule_ != nullptr; }
    void run_rule(const void* value, Problems& problems) const {
        call_rule_(value, problems, rule_);
    }

    void add(Field field);
    void add(std::vector<Field> fields);
    /// Checks the description against a freshly constructed value.
    void finish(const void* fresh) const;

  private:
    using CallRule = void (*)(const void*, Problems&, void (*)());
    Object&& set_rule(void (*function)(), const void* owner, CallRule call);

    std::string name_;
    std::string description_;
    std::string example_;
    std::string string_field_;
    std::vector<Field> fields_;
    const void* owner_;
    bool open_ = false;
    bool reply_ = false;
    void (*rule_)() = nullptr;
    CallRule call_rule_ = nullptr;
};

/// Describes one member under its JSON name. For a member inherited from a base name the struct
/// itself: `field<SendBatchRequest>("channel", &SendBatchRequest::channel, ...)`.
template <class Owner = void, class M, class Base>
[[nodiscard]] Field field(std::string_view name, M Base::*member, std::string_view description) {
    using T = std::conditional_t<std::is_void_v<Owner>, Base, Owner>;
    using Member = M T::*;
    const Member of_owner = member;
    Field::Pointer bytes;
    static_assert(sizeof(of_owner) == sizeof(bytes));
    std::memcpy(bytes.data(), &of_owner, sizeof(of_owner));
    const auto access = [](void* owner, const Field::Pointer& stored) -> void* {
        Member pointer;
        std::memcpy(&pointer, stored.data(), sizeof(pointer));
        return &(static_cast<T*>(owner)->*pointer);
    };
    return Field(name, TypeOf<M>::value, access, bytes, &Object::owner_tag<T>, description);
}

/// Describes a struct: its schema name, one sentence, and each field (or a std::vector<Field> of
/// several).
template <class T, class... Fields>
[[nodiscard]] Object object(std::string_view name, std::string_view description,
                            Fields&&... fields) {
    Object result(name, description, &Object::owner_tag<T>);
    (result.add(std::move(fields)), ...);
    const T fresh{};
    result.finish(&fresh);
    return result;
}

}  // namespace hongyan::shape
