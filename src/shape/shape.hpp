// shape: a described struct is read from JSON or a query (all problems at once, each with its
// path), written as JSON, and shown as JSON Schema 2020-12, all from the one description that
// describe(Tag<T>) returns. Called by the API for every request and reply. Every function is pure
// and safe from every thread; none throws on bad input.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "shape/field.hpp"

namespace hongyan::shape {

/// What a document may use up. Beyond: ErrorCode::invalid_json.
struct ReadLimits {
    std::size_t depth = 32;        ///< nested arrays and objects
    std::size_t values = 200'000;  ///< keys and values together
    std::size_t problems = 100;    ///< listed at most; one more then says how many were left out
};

/// One decoded query parameter: name and value.
using QueryPair = std::pair<std::string, std::string>;

/// The work behind the templates below. value must point at a default-constructed struct that
/// object describes.
[[nodiscard]] Status read_object(const Object& object, std::string_view text, void* value,
                                 const ReadLimits& limits);
[[nodiscard]] Status read_query_object(const Object& object, std::span<const QueryPair> pairs,
                                       void* value);
void append_object(std::string& out, const Object& object, const void* value);
/// Each member that append_object() would write, as "\"name\":value", in the order of the
/// description; one that is left out is an empty text.
[[nodiscard]] std::vector<std::string> member_texts(const Object& object, const void* value);
/// The description as a JSON Schema, as it stands under #/components/schemas.
[[nodiscard]] JsonObject schema_of(const Object& object);
/// {"$ref": "#/components/schemas/Name"}
[[nodiscard]] JsonObject reference_to(const Object& object);
/// Adds the schema of object and of every struct nested in it to schemas, by name, unless it is
/// there already.
void collect(JsonObject& schemas, const Object& object);
/// OpenAPI parameter objects (in: query), one for each field.
[[nodiscard]] boost::json::array parameters_of(const Object& object);

/// Reads one JSON document. ErrorCode::invalid_json (with the place) if it is not acceptable JSON,
/// ErrorCode::invalid_fields with every Problem if it does not fit. Unknown keys are problems
/// unless the description is open. Null is absent.
template <class T>
[[nodiscard]] Result<T> read(std::string_view text, const ReadLimits& limits = {}) {
    T value{};
    if (auto status = read_object(description_of<T>(), text, &value, limits); !status)
        return std::move(status.error());
    return value;
}

/// Reads query parameters with the same rules; paths are "$query.limit". Only a list member may be
/// given more than once.
template <class T>
[[nodiscard]] Result<T> read_query(std::span<const QueryPair> pairs) {
    T value{};
    if (auto status = read_query_object(description_of<T>(), pairs, &value); !status)
        return std::move(status.error());
    return value;
}

/// Appends value as compact JSON. An empty optional is left out (null if nullable); a number that
/// is not finite is null.
template <class T>
void append(std::string& out, const T& value) {
    append_object(out, description_of<T>(), &value);
}

template <class T>
[[nodiscard]] std::string write(const T& value) {
    std::string out;
    append(out, value);
    return out;
}

/// The JSON Schema of T: a JsonObject. This and the next two need <boost/json/value.hpp> where they
/// are called.
template <class T>
[[nodiscard]] auto schema() {
    return schema_of(description_of<T>());
}
/// {"$ref": "#/components/schemas/Name"}
template <class T>
[[nodiscard]] auto reference() {
    return reference_to(description_of<T>());
}
/// The OpenAPI parameters of T: a boost::json::array.
template <class T>
[[nodiscard]] auto parameters() {
    return parameters_of(description_of<T>());
}

/// The JSON Pointer (as a URI fragment) of a problem's path: "$.recipients[17].recipient" ->
/// "#/recipients/17/recipient",
/// "$" -> "#". "" for a path that is not into the document, such as "$query.limit".
[[nodiscard]] std::string pointer_of(std::string_view path);

}  // namespace hongyan::shape
