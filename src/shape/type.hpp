// Type: what the walk over a described struct needs to know of one C++ type, as a constant table of
// function pointers. All reading, writing and schema code is written once against it, so a
// described struct costs the compiler next to nothing. Supported: std::string, bool, integers (not
// uint64), float, double, enums, described structs, JsonObject, JsonValue, and std::optional,
// std::vector and std::map<std::string, ...> of them. Constant data, safe from every thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hongyan::shape {

class Object;

/// A JSON object or value of any form, with default storage. Members of these types need
/// <boost/json/value.hpp>.
using JsonObject = boost::json::object;
using JsonValue = boost::json::value;

/// Names a struct for describe(): `const shape::Object& describe(shape::Tag<SendRequest>);` in the
/// struct's namespace.
template <class T>
struct Tag {};

enum class Kind : std::uint8_t {
    text,
    boolean,
    integer,
    number,
    choice,
    object,
    json_object,
    json_value,
    optional,
    list,
    map
};

/// Which operations are set depends on kind; the others are null.
struct Type {
    Kind kind = Kind::text;
    std::int64_t min = 0;  ///< integer: what fits the C++ type
    std::int64_t max = 0;
    const Type* element = nullptr;        ///< optional, list, map: of what
    const Object& (*object)() = nullptr;  ///< object: its description
    void (*set_integer)(void*,
                        std::int64_t) = nullptr;  ///< integer, choice (the index of the name)
    std::int64_t (*get_integer)(const void*) = nullptr;
    void (*set_number)(void*, double) = nullptr;
    double (*get_number)(const void*) = nullptr;
    void (*clear)(void*,
                  std::size_t expected) = nullptr;  ///< optional, list, map: empties, reserves
    void* (*add)(void*, std::string_view key) =
        nullptr;  ///< optional, list, map: the address of a new element
    std::size_t (*size)(const void*) = nullptr;             ///< optional (0 or 1), list, map
    const void* (*at)(const void*, std::size_t) = nullptr;  ///< optional, list
    void (*each)(const void*, void* visitor,
                 void (*)(void* visitor, std::string_view key, const void*)) = nullptr;
};

template <class T>
const Object& description_of() {
    return describe(Tag<T>{});
}

template <class T>
struct TypeOf {
    static_assert(std::is_class_v<T>, "this member type has no JSON form");
    static constexpr Type value{.kind = Kind::object, .object = &description_of<T>};
};

template <class T>
inline constexpr const Type& type_of = TypeOf<T>::value;

template <>
struct TypeOf<std::string> {
    static constexpr Type value{.kind = Kind::text};
};
template <>
struct TypeOf<bool> {
    static constexpr Type value{.kind = Kind::boolean};
};
template <>
struct TypeOf<JsonObject> {
    static constexpr Type value{.kind = Kind::json_object};
};
template <>
struct TypeOf<JsonValue> {
    static constexpr Type value{.kind = Kind::json_value};
};

template <class T>
requires(std::integral<T> || std::is_enum_v<T>) struct TypeOf<T> {
    static_assert(std::is_enum_v<T> || sizeof(T) < 8 || std::is_signed_v<T>,
                  "uint64 does not fit a JSON integer");
    static constexpr std::int64_t limit(bool upper) {
        if constexpr (std::is_enum_v<T>)
            return 0;
        else
            return static_cast<std::int64_t>(upper ? std::numeric_limits<T>::max()
                                                   : std::numeric_limits<T>::min());
    }
    static void set(void* target, std::int64_t v) { *static_cast<T*>(target) = static_cast<T>(v); }
    static std::int64_t get(const void* source) {
        return static_cast<std::int64_t>(*static_cast<const T*>(source));
    }
    static constexpr Type value{.kind = std::is_enum_v<T> ? Kind::choice : Kind::integer,
                                .min = limit(false),
                                .max = limit(true),
                                .set_integer = &set,
                                .get_integer = &get};
};

template <std::floating_point T>
struct TypeOf<T> {
    static void set(void* target, double v) { *static_cast<T*>(target) = static_cast<T>(v); }
    static double get(const void* source) {
        return static_cast<double>(*static_cast<const T*>(source));
    }
    static constexpr Type value{.kind = Kind::number, .set_number = &set, .get_number = &get};
};

template <class T>
struct TypeOf<std::optional<T>> {
    static void clear(void* o, std::size_t) { static_cast<std::optional<T>*>(o)->reset(); }
    static void* add(void* o, std::string_view) {
        return &static_cast<std::optional<T>*>(o)->emplace();
    }
    static std::size_t size(const void* o) {
        return static_cast<const std::optional<T>*>(o)->has_value() ? 1 : 0;
    }
    static const void* at(const void* o, std::size_t) {
        return &**static_cast<const std::optional<T>*>(o);
    }
    static constexpr Type value{.kind = Kind::optional,
                                .element = &TypeOf<T>::value,
                                .clear = &clear,
                                .add = &add,
                                .size = &size,
                                .at = &at};
};

template <class T>
struct TypeOf<std::vector<T>> {
    static_assert(!std::is_same_v<T, bool>, "std::vector<bool> has no elements to point at");
    using List = std::vector<T>;
    static void clear(void* l, std::size_t expected) {
        static_cast<List*>(l)->clear();
        static_cast<List*>(l)->reserve(expected);
    }
    static void* add(void* l, std::string_view) { return &static_cast<List*>(l)->emplace_back(); }
    static std::size_t size(const void* l) { return static_cast<const List*>(l)->size(); }
    static const void* at(const void* l, std::size_t i) {
        return &(*static_cast<const List*>(l))[i];
    }
    static constexpr Type value{.kind = Kind::list,
                                .element = &TypeOf<T>::value,
                                .clear = &clear,
                                .add = &add,
                                .size = &size,
                                .at = &at};
};

template <class T>
struct TypeOf<std::map<std::string, T>> {
    using Map = std::map<std::string, T>;
    static void clear(void* m, std::size_t) { static_cast<Map*>(m)->clear(); }
    static void* add(void* m, std::string_view key) {
        return &(*static_cast<Map*>(m))[std::string(key)];
    }
    static std::size_t size(const void* m) { return static_cast<const Map*>(m)->size(); }
    static void each(const void* m, void* visitor,
                     void (*visit)(void*, std::string_view, const void*)) {
        for (const auto& [key, element] : *static_cast<const Map*>(m))
            visit(visitor, key, &element);
    }
    static constexpr Type value{.kind = Kind::map,
                                .element = &TypeOf<T>::value,
                                .clear = &clear,
                                .add = &add,
                                .size = &size,
                                .each = &each};
};

}  // namespace hongyan::shape
