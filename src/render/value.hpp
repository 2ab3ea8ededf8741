// Value: what an expression of a template holds while it is rendered. It owns nothing: texts, lists
// and objects point into the message's variables, the program's constants or the workspace of this
// rendering. Internal to render/.
#pragma once

#include <array>
#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string_view>

namespace hongyan::render {

struct Value {
    enum class Kind : std::uint8_t {
        missing,  ///< was not given; only the filter default accepts it
        nothing,  ///< an optional variable that was not given, or null: evaluates as empty
        boolean,
        integer,
        number,
        text,
        list,
        object,
    };
    /// A text that is already escaped for this surrounding, so that it is not escaped twice.
    enum class Ready : std::uint8_t { no, html, json };

    Kind kind = Kind::missing;
    Ready ready = Ready::no;
    std::uint32_t origin = 0;  ///< of a missing value: the instruction that did not find it
    union {
        std::int64_t integer;
        bool boolean;
        double number;
        std::string_view text;
        const boost::json::array* list;
        const boost::json::object* object;
    };

    Value() : integer(0) {}
    [[nodiscard]] static Value of_nothing();
    [[nodiscard]] static Value of_boolean(bool value);
    [[nodiscard]] static Value of_integer(std::int64_t value);
    [[nodiscard]] static Value of_number(double value);
    [[nodiscard]] static Value of_text(std::string_view value, Ready ready = Ready::no);
    [[nodiscard]] static Value of_json(const boost::json::value& value);

    [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
    [[nodiscard]] bool is_numeric() const { return kind == Kind::integer || kind == Kind::number; }
    /// Boolean, integer, number or text.
    [[nodiscard]] bool is_scalar() const { return kind >= Kind::boolean && kind <= Kind::text; }
};

/// "text", "a number", "a list" ..., for error messages.
[[nodiscard]] std::string_view kind_name(Value::Kind kind);

/// Room for the text of any number.
using NumberText = std::array<char, 40>;
/// The text of a boolean, integer, number or text as a template writes it; "" for nothing. The view
/// may point into room.
[[nodiscard]] std::string_view scalar_text(const Value& value, NumberText& room);

/// What a condition makes of it: false for false, 0, "", empty lists and objects, nothing.
[[nodiscard]] bool is_true(const Value& value);

/// Equality of scalars; whole and other numbers compare by value, nothing equals "", other kinds
/// are never equal.
[[nodiscard]] bool are_equal(const Value& left, const Value& right);
/// True if < has a meaning: two numbers or two texts.
[[nodiscard]] bool are_ordered(const Value& left, const Value& right);
/// -1, 0, 1 for two numbers or two texts (by code point).
[[nodiscard]] int compare(const Value& left, const Value& right);

}  // namespace hongyan::render
