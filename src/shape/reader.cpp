#include "shape/reader.hpp"

#include "base/text.hpp"
#include "shape/problem_text.hpp"

namespace hongyan::shape {
namespace {

/// The field called key. Members mostly come in the order of the description, so the search starts
/// behind the last hit.
std::size_t index_of(const std::vector<Field>& fields, std::string_view key, std::size_t start) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t at = start + i < fields.size() ? start + i : start + i - fields.size();
        if (fields[at].rules().name == key) return at;
    }
    return fields.size();
}

/// Problems as a rule reports them: with names of fields, relative to its object.
class RuleProblems final : public Problems {
  public:
    RuleProblems(Reader& reader, const Path& path) : reader_(reader), path_(path) {}
    [[nodiscard]] bool any() const { return any_; }

    void add(std::string_view field, std::string_view code, std::string detail) override {
        any_ = true;
        (void)reader_.fail(field.empty() ? path_ : path_.key(field), code, [&] { return detail; });
    }

  private:
    Reader& reader_;
    const Path& path_;
    bool any_ = false;
};

std::string count_text(std::size_t count) {
    return count == 1 ? "1 field is missing or wrong: "
                      : std::to_string(count) + " fields are missing or wrong; the first: ";
}

}  // namespace

bool Reader::read_object(const Object& object, const Node& node, void* target, const Path& path) {
    if (node.kind == NodeKind::text && object.string_field() != nullptr) {
        return read_bare_string(object, node, target, path);
    }
    if (node.kind != NodeKind::object) {
        return wrong_type(
            node, object.string_field() != nullptr ? "an object or a string" : "an object", path);
    }
    return read_members(object, node, target, path) && run_rule(object, target, path);
}

bool Reader::read_members(const Object& object, const Node& node, void* target, const Path& path) {
    const auto& fields = object.fields();
    const auto members = node.children();
    std::uint64_t seen = 0;
    std::size_t next = 0;
    bool good = true;
    for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
        const auto key = members[i].text();
        const std::size_t at = index_of(fields, key, next);
        if (at == fields.size()) {
            if (!object.is_open()) good = report_unknown(object, key, path);
            continue;
        }
        next = at + 1 < fields.size() ? at + 1 : 0;
        if (members[i + 1].kind == NodeKind::null || fields[at].rules().read_only) continue;
        seen |= std::uint64_t{1} << at;
        good = read_field(fields[at], members[i + 1], target, path.key(key)) && good;
    }
    return check_required(object, seen, path) && good;
}

bool Reader::read_bare_string(const Object& object, const Node& node, void* target,
                              const Path& path) {
    const Field& field = *object.string_field();
    const auto at = static_cast<std::size_t>(&field - object.fields().data());
    const bool good = read_field(field, node, target, path);
    return check_required(object, std::uint64_t{1} << at, path) && good &&
           run_rule(object, target, path);
}

bool Reader::read_field(const Field& field, const Node& node, void* owner, const Path& path) {
    return read_value(field.type(), field.rules(), node, field.in(owner), path);
}

bool Reader::check_required(const Object& object, std::uint64_t seen, const Path& path) {
    const auto& fields = object.fields();
    bool good = true;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const FieldRules& rules = fields[i].rules();
        if (!rules.required || rules.read_only || (seen >> i & 1) != 0) continue;
        const Path place = path.key(rules.name);
        good = fail(place, "required",
                    [&] { return place_name(place) + " is missing, it is required"; });
    }
    return good;
}

bool Reader::run_rule(const Object& object, const void* value, const Path& path) {
    if (!object.has_rule()) return true;
    RuleProblems found(*this, path);
    object.run_rule(value, found);
    return !found.any();
}

bool Reader::report_unknown(const Object& object, std::string_view key, const Path& path) {
    return fail(path.key(key), "unknown_field", [&] {
        std::vector<std::string_view> names;
        for (const Field& field : object.fields()) {
            if (!field.rules().read_only) names.push_back(field.rules().name);
        }
        const std::string hint = suggestion(key, names);
        return shown(key) + " is not a known field" +
               (hint.empty() ? "; known are " + joined(names) : hint);
    });
}

bool Reader::read_value(const Type& type, const FieldRules& rules, const Node& node, void* target,
                        const Path& path) {
    switch (type.kind) {
        case Kind::text:
            return read_text(rules, node, *static_cast<std::string*>(target), path);
        case Kind::boolean:
            if (node.kind != NodeKind::boolean) return wrong_type(node, "true or false", path);
            *static_cast<bool*>(target) = node.boolean;
            return true;
        case Kind::integer:
            return read_integer(type, rules, node, target, path);
        case Kind::number:
            return read_number(type, rules, node, target, path);
        case Kind::choice:
            return read_choice(type, rules, node, target, path);
        case Kind::object:
            return read_object(type.object(), node, target, path);
        case Kind::json_object:
        case Kind::json_value:
            return read_free(type, rules, node, target, path);
        case Kind::list:
            return read_list(type, rules, node, target, path);
        case Kind::map:
            return read_map(type, rules, node, target, path);
        case Kind::optional:
            type.clear(target, 0);
            if (node.kind == NodeKind::null) return true;
            return read_value(*type.element, rules, node, type.add(target, {}), path);
    }
    return false;
}

bool Reader::read_list(const Type& type, const FieldRules& rules, const Node& node, void* target,
                       const Path& path) {
    if (node.kind != NodeKind::list) return wrong_type(node, "an array", path);
    if (!check_count(rules, node.size, "elements", path)) return false;
    type.clear(target, node.size);
    bool good = true;
    std::size_t index = 0;
    for (const Node& element : node.children()) {
        good = read_value(*type.element, rules, element, type.add(target, {}),
                          path.element(index++)) &&
               good;
    }
    return good;
}

bool Reader::read_map(const Type& type, const FieldRules& rules, const Node& node, void* target,
                      const Path& path) {
    if (node.kind != NodeKind::object) return wrong_type(node, "an object", path);
    if (!check_count(rules, node.size, "entries", path)) return false;
    type.clear(target, node.size);
    const auto members = node.children();
    bool good = true;
    for (std::size_t i = 0; i + 1 < members.size(); i += 2) {
        const auto key = members[i].text();
        good = read_value(*type.element, rules, members[i + 1], type.add(target, key),
                          path.key(key)) &&
               good;
    }
    return good;
}

Status Reader::finish() {
    if (problems_.empty()) return Done{};
    const std::size_t count = problems_.size() + left_out_;
    Error error =
        make_error(ErrorCode::invalid_fields, count_text(count) + problems_.front().detail + ".");
    if (left_out_ > 0) {
        problems_.push_back({"$", "more", "and " + std::to_string(left_out_) + " more problems"});
    }
    error.problems = std::move(problems_);
    return error;
}

}  // namespace hongyan::shape
