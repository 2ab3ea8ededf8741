#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "shape/reader.hpp"
#include "shape/shape.hpp"

namespace hongyan::shape {
namespace {

const Type& without_optional(const Type& type) {
    return type.kind == Kind::optional ? *type.element : type;
}

/// What the text of a parameter means where a value of this type is wanted; a text that does not
/// convert stays a text, and the reader then says what it should be.
Node node_for(const Type& type, const FieldRules& rules, std::string_view text) {
    Node node = Node::of_text(text);
    if (type.kind == Kind::boolean && (text == "true" || text == "false")) {
        node = Node{};
        node.kind = NodeKind::boolean;
        node.boolean = text == "true";
    }
    if ((type.kind != Kind::integer && type.kind != Kind::number) || rules.form != Form::plain)
        return node;
    double real = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), real);
    const bool is_number =
        failure == std::errc() && end == text.data() + text.size() && real - real == 0;
    if (const auto integer = parse_int(text)) {
        node = Node{};
        node.kind = NodeKind::integer;
        node.integer = *integer;
    } else if (is_number) {
        node = Node{};
        node.kind = NodeKind::real;
        node.real = real;
    }
    return node;
}

bool is_clean(std::string_view text) { return is_utf8(text) && text.find('\0') == text.npos; }

/// Reads the parameters one field at a time, so that a list finds all its values together.
class QueryReader {
  public:
    QueryReader(const Object& object, std::span<const QueryPair> pairs, void* value)
        : reader_(ReadLimits{}.problems), object_(object), pairs_(pairs), value_(value) {}

    [[nodiscard]] Status run() {
        bool good = check_names();
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < object_.fields().size(); ++i) {
            const Field& field = object_.fields()[i];
            if (field.rules().read_only || !gather(field)) continue;
            seen |= std::uint64_t{1} << i;
            good = read(field) && good;
        }
        good = reader_.check_required(object_, seen, root_) && good;
        if (good) (void)reader_.run_rule(object_, value_, root_);
        return reader_.finish();
    }

  private:
    bool check_names() {
        bool good = true;
        for (const auto& [name, text] : pairs_) {
            const Field* field = object_.find(name);
            if (field == nullptr || field->rules().read_only) {
                if (!object_.is_open()) good = reader_.report_unknown(object_, name, root_);
            } else if (!is_clean(text)) {
                good = reader_.fail(root_.key(name), "format",
                                    [&] { return name + " is not UTF-8 text without NUL"; });
            }
        }
        return good;
    }

    /// Collects the values of field; false if there are none to read.
    bool gather(const Field& field) {
        const Type& type = without_optional(field.type());
        const Type& element = type.kind == Kind::list ? without_optional(*type.element) : type;
        nodes_.clear();
        for (const auto& [name, text] : pairs_) {
            if (name != field.rules().name || !is_clean(text)) continue;
            nodes_.push_back(node_for(element, field.rules(), text));
        }
        return !nodes_.empty();
    }

    bool read(const Field& field) {
        const Path path = root_.key(field.rules().name);
        Node node = nodes_.front();
        if (without_optional(field.type()).kind == Kind::list) {
            node = Node{};
            node.kind = NodeKind::list;
            node.size = static_cast<std::uint32_t>(nodes_.size());
            node.first = nodes_.data();
        } else if (nodes_.size() > 1) {
            return reader_.fail(path, "repeated", [&] {
                return field.rules().name + " is given " + std::to_string(nodes_.size()) +
                       " times, must be given once";
            });
        }
        return reader_.read_field(field, node, value_, path);
    }

    Reader reader_;
    const Object& object_;
    std::span<const QueryPair> pairs_;
    void* value_;
    Path root_{nullptr, "$query", 0, false};
    std::vector<Node> nodes_;
};

}  // namespace

Status read_object(const Object& object, std::string_view text, void* value,
                   const ReadLimits& limits) {
    Document document;
    auto root = document.parse(text, limits);
    if (!root) return std::move(root.error());
    Reader reader(limits.problems);
    (void)reader.read_object(object, **root, value, Path{nullptr, "$", 0, false});
    return reader.finish();
}

Status read_query_object(const Object& object, std::span<const QueryPair> pairs, void* value) {
    return QueryReader(object, pairs, value).run();
}

}  // namespace hongyan::shape
