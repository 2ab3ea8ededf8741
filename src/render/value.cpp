#include "render/value.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "base/assert.hpp"

namespace hongyan::render {
namespace {

using Kind = Value::Kind;

std::string_view number_text(double number, NumberText& room) {
    if (number == 0) return "0";
    // Shortest form that reads back as the same number; plain digits for the sizes people write.
    const double size = std::abs(number);
    const bool plain = size >= 1e-5 && size < 1e15;
    const auto format = plain ? std::chars_format::fixed : std::chars_format::general;
    const auto [end, failure] =
        std::to_chars(room.data(), room.data() + room.size(), number, format);
    HY_ASSERT(failure == std::errc());
    return {room.data(), static_cast<std::size_t>(end - room.data())};
}

double as_number(const Value& value) {
    return value.kind == Kind::integer ? static_cast<double>(value.integer) : value.number;
}

template <class T>
int sign_of(const T& left, const T& right) {
    return left < right ? -1 : (right < left ? 1 : 0);
}

}  // namespace

Value Value::of_nothing() {
    Value result;
    result.kind = Kind::nothing;
    return result;
}

Value Value::of_boolean(bool value) {
    Value result;
    result.kind = Kind::boolean;
    result.boolean = value;
    return result;
}

Value Value::of_integer(std::int64_t value) {
    Value result;
    result.kind = Kind::integer;
    result.integer = value;
    return result;
}

Value Value::of_number(double value) {
    Value result;
    result.kind = Kind::number;
    result.number = value;
    return result;
}

Value Value::of_text(std::string_view value, Ready ready) {
    Value result;
    result.kind = Kind::text;
    result.ready = ready;
    result.text = value;
    return result;
}

Value Value::of_json(const boost::json::value& value) {
    using boost::json::kind;
    Value result;
    switch (value.kind()) {
        case kind::null:
            return of_nothing();
        case kind::bool_:
            return of_boolean(value.get_bool());
        case kind::int64:
            return of_integer(value.get_int64());
        // check_variables refuses whole numbers this large, so the rounding is never seen in a
        // declared variable.
        case kind::uint64:
            return of_number(static_cast<double>(value.get_uint64()));
        case kind::double_:
            return of_number(value.get_double());
        case kind::string:
            return of_text({value.get_string().data(), value.get_string().size()});
        case kind::array:
            result.kind = Kind::list;
            result.list = &value.get_array();
            return result;
        case kind::object:
            result.kind = Kind::object;
            result.object = &value.get_object();
            return result;
    }
    return of_nothing();
}

std::string_view kind_name(Kind kind) {
    switch (kind) {
        case Kind::missing:
            return "a missing value";
        case Kind::nothing:
            return "nothing";
        case Kind::boolean:
            return "true or false";
        case Kind::integer:
            return "a whole number";
        case Kind::number:
            return "a number";
        case Kind::text:
            return "text";
        case Kind::list:
            return "a list";
        case Kind::object:
            return "an object";
    }
    return "";
}

std::string_view scalar_text(const Value& value, NumberText& room) {
    switch (value.kind) {
        case Kind::text:
            return value.text;
        case Kind::boolean:
            return value.boolean ? "true" : "false";
        case Kind::number:
            return number_text(value.number, room);
        case Kind::integer: {
            const auto [end, failure] =
                std::to_chars(room.data(), room.data() + room.size(), value.integer);
            HY_ASSERT(failure == std::errc());
            return {room.data(), static_cast<std::size_t>(end - room.data())};
        }
        default:
            return "";
    }
}

bool is_true(const Value& value) {
    switch (value.kind) {
        case Kind::boolean:
            return value.boolean;
        case Kind::integer:
            return value.integer != 0;
        case Kind::number:
            return value.number != 0;
        case Kind::text:
            return !value.text.empty();
        case Kind::list:
            return !value.list->empty();
        case Kind::object:
            return !value.object->empty();
        default:
            return false;
    }
}

bool are_equal(const Value& left, const Value& right) {
    if (left.kind == Kind::text && right.kind == Kind::text) return left.text == right.text;
    if (are_ordered(left, right)) return compare(left, right) == 0;
    if (left.kind == Kind::nothing && right.kind == Kind::text) return right.text.empty();
    if (right.kind == Kind::nothing && left.kind == Kind::text) return left.text.empty();
    if (left.kind != right.kind) return false;
    return left.kind == Kind::nothing ||
           (left.kind == Kind::boolean && left.boolean == right.boolean);
}

bool are_ordered(const Value& left, const Value& right) {
    return (left.is_numeric() && right.is_numeric()) ||
           (left.kind == Kind::text && right.kind == Kind::text);
}

int compare(const Value& left, const Value& right) {
    if (left.kind == Kind::text) return sign_of(left.text, right.text);
    if (left.kind == Kind::integer && right.kind == Kind::integer) {
        return sign_of(left.integer, right.integer);
    }
    return sign_of(as_number(left), as_number(right));
}

}  // namespace hongyan::render
