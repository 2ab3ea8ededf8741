// Described structs that resemble the API's, shared by the tests of shape.
#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shape/shape.hpp"

namespace sample {

namespace shape = hongyan::shape;

enum class Kind : std::uint8_t { sms, email, app };
inline constexpr std::array<std::string_view, 3> kind_names{"sms", "email", "app"};

struct Entry {
    std::string recipient;
    std::optional<shape::JsonObject> variables;
};

struct Send {
    std::string channel;
    std::string recipient;
    std::optional<std::int64_t> template_id;
    int priority = 5;
    std::optional<std::int64_t> send_at_ms;
    std::optional<shape::JsonObject> variables;
    std::string metadata;
    std::optional<std::string> content;
};

struct Batch : Send {
    std::vector<Entry> recipients;
};

struct Everything {
    std::string text;
    bool flag = false;
    std::int32_t small = 0;
    std::uint8_t tiny = 0;
    std::int64_t wide = 0;
    double real = 0;
    float narrow = 0;
    Kind kind = Kind::sms;
    std::optional<Kind> other_kind;
    std::int64_t id = 0;
    std::int64_t at_ms = 0;
    std::optional<double> maybe;
    std::optional<Entry> entry;
    std::vector<std::int64_t> numbers;
    std::vector<std::string> words;
    std::map<std::string, std::int64_t> counts;
    std::map<std::string, std::string> labels;
    shape::JsonObject free;
    shape::JsonValue any;
};

struct Filter {
    std::optional<Kind> channel;
    std::vector<std::string> status;
    int limit = 50;
    std::optional<std::int64_t> created_after_ms;
    std::optional<std::int64_t> task_id;
    bool error = false;
    double ratio = 0;
};

struct Tree {
    std::string name;
    std::vector<Tree> children;
};

const shape::Object& describe(shape::Tag<Entry>);
const shape::Object& describe(shape::Tag<Send>);
const shape::Object& describe(shape::Tag<Batch>);
const shape::Object& describe(shape::Tag<Everything>);
const shape::Object& describe(shape::Tag<Filter>);
const shape::Object& describe(shape::Tag<Tree>);

}  // namespace sample
