#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/text.hpp"
#include "render/escape.hpp"
#include "render/filter_functions.hpp"

namespace hongyan::render {
namespace {

namespace json = boost::json;

/// Writes JSON without spaces, members in their given order, numbers as people write them. Bounded
/// in depth and length.
class JsonWriter {
  public:
    explicit JsonWriter(const Limits& limits) : limits_(limits) {}

    [[nodiscard]] bool write(const Value& value, std::size_t depth) {
        if (depth > limits_.depth || text_.size() > limits_.output_bytes) return false;
        switch (value.kind) {
            case Value::Kind::list:
                return write_list(*value.list, depth);
            case Value::Kind::object:
                return write_object(*value.object, depth);
            case Value::Kind::text:
                write_text(value.text);
                return true;
            case Value::Kind::missing:
            case Value::Kind::nothing:
                text_ += "null";
                return true;
            default: {
                NumberText room;
                text_ += scalar_text(value, room);
                return true;
            }
        }
    }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    bool write_list(const json::array& list, std::size_t depth) {
        char separator = '[';
        for (const auto& item : list) {
            text_ += separator;
            separator = ',';
            if (!write(Value::of_json(item), depth + 1)) return false;
        }
        text_ += list.empty() ? "[]" : "]";
        return true;
    }
    bool write_object(const json::object& object, std::size_t depth) {
        char separator = '{';
        for (const auto& member : object) {
            text_ += separator;
            separator = ',';
            write_text({member.key().data(), member.key().size()});
            text_ += ':';
            if (!write(Value::of_json(member.value()), depth + 1)) return false;
        }
        text_ += object.empty() ? "{}" : "}";
        return true;
    }
    void write_text(std::string_view text) {
        text_ += '"';
        append_json_escaped(text_, text);
        text_ += '"';
    }

    const Limits& limits_;
    std::string text_;
};

/// The start of the last character of a text that is not empty.
std::size_t last_character(std::string_view text) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    return at;
}

}  // namespace

bool filter_default(Workspace&, Value& subject, Arguments arguments) {
    const bool is_empty = subject.kind <= Value::Kind::nothing ||
                          (subject.is(Value::Kind::text) && subject.text.empty());
    if (is_empty) subject = arguments[0];
    return true;
}

bool filter_safe(Workspace&, Value&, Arguments) { return true; }

bool filter_length(Workspace& workspace, Value& subject, Arguments) {
    std::size_t length = 0;
    if (subject.is(Value::Kind::text)) {
        if (!workspace.charge(subject.text.size())) return false;
        length = utf8_length(subject.text);
    } else if (subject.is(Value::Kind::list)) {
        length = subject.list->size();
    } else if (subject.is(Value::Kind::object)) {
        length = subject.object->size();
    }
    subject = Value::of_integer(static_cast<std::int64_t>(length));
    return true;
}

bool filter_join(Workspace& workspace, Value& subject, Arguments arguments) {
    const std::string_view separator = arguments.empty() ? ", " : arguments[0].text;
    const json::array& list = *subject.list;
    if (!workspace.charge(list.size() * 8)) return false;
    TextBuffer out(workspace, list.size() * 16);
    bool is_first = true;
    for (const auto& item : list) {
        const Value value = Value::of_json(item);
        if (value.is(Value::Kind::list) || value.is(Value::Kind::object)) {
            return workspace.fail("join takes a list of texts and numbers, but an element is " +
                                  std::string(kind_name(value.kind)) +
                                  "; loop over the list instead");
        }
        if (!is_first) out.append(separator);
        is_first = false;
        NumberText room;
        out.append(scalar_text(value, room));
    }
    std::string_view text;
    if (!out.finish(text)) return false;
    subject = Value::of_text(text);
    return true;
}

bool filter_first(Workspace&, Value& subject, Arguments) {
    if (subject.is(Value::Kind::text)) {
        const auto text = subject.text;
        subject =
            text.empty() ? Value() : Value::of_text(text.substr(0, bytes_of_characters(text, 1)));
    } else {
        subject = subject.list->empty() ? Value() : Value::of_json(subject.list->front());
    }
    return true;
}

bool filter_last(Workspace&, Value& subject, Arguments) {
    if (subject.is(Value::Kind::text)) {
        const auto text = subject.text;
        subject = text.empty() ? Value() : Value::of_text(text.substr(last_character(text)));
    } else {
        subject = subject.list->empty() ? Value() : Value::of_json(subject.list->back());
    }
    return true;
}

bool filter_json(Workspace& workspace, Value& subject, Arguments) {
    JsonWriter writer(workspace.limits());
    if (!writer.write(subject, 0) || writer.text().size() > workspace.limits().output_bytes) {
        return workspace.fail("the value is too large or too deep to be written as JSON",
                              "too_long");
    }
    TextBuffer out(workspace, writer.text().size());
    out.append(writer.text());
    std::string_view text;
    if (!out.finish(text)) return false;
    subject = Value::of_text(text, Value::Ready::json);
    return true;
}

}  // namespace hongyan::render
