// Reader: fills described structs from nodes and gathers every problem on the way. Internal to
// shape: read_object and read_query_object are its callers. One Reader serves one document on one
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "shape/field.hpp"
#include "shape/json_reader.hpp"
#include "shape/path.hpp"

namespace hongyan::shape {

class Reader {
  public:
    explicit Reader(std::size_t max_problems) : max_problems_(max_problems) {}

    /// Each returns false if it reported a problem; target then holds what was right.
    bool read_object(const Object& object, const Node& node, void* target, const Path& path);
    /// node for one field of the struct at owner; null counts as absent.
    bool read_field(const Field& field, const Node& node, void* owner, const Path& path);
    /// Reports the required fields that are not in seen (one bit each, in order).
    bool check_required(const Object& object, std::uint64_t seen, const Path& path);
    bool run_rule(const Object& object, const void* value, const Path& path);
    /// Reports a key that the description does not have, with the nearest one it has.
    bool report_unknown(const Object& object, std::string_view key, const Path& path);

    /// Always false. detail is a function, so that its text is made only when it is listed.
    template <class Detail>
    bool fail(const Path& path, std::string_view code, const Detail& detail) {
        if (problems_.size() < max_problems_)
            problems_.push_back({path_text(path), std::string(code), detail()});
        else
            ++left_out_;
        return false;
    }

    /// Done, or ErrorCode::invalid_fields with all that was reported.
    [[nodiscard]] Status finish();

  private:
    bool read_value(const Type& type, const FieldRules& rules, const Node& node, void* target,
                    const Path& path);
    bool read_members(const Object& object, const Node& node, void* target, const Path& path);
    bool read_bare_string(const Object& object, const Node& node, void* target, const Path& path);
    bool read_text(const FieldRules& rules, const Node& node, std::string& target,
                   const Path& path);
    bool read_raw(const FieldRules& rules, const Node& node, std::string& target, const Path& path);
    bool read_integer(const Type& type, const FieldRules& rules, const Node& node, void* target,
                      const Path& path);
    bool take_integer(const Type& type, const FieldRules& rules, std::int64_t value, void* target,
                      const Path& path);
    bool read_integer_text(const Type& type, const FieldRules& rules, const Node& node,
                           void* target, const Path& path);
    bool read_number(const Type& type, const FieldRules& rules, const Node& node, void* target,
                     const Path& path);
    bool read_choice(const Type& type, const FieldRules& rules, const Node& node, void* target,
                     const Path& path);
    bool read_free(const Type& type, const FieldRules& rules, const Node& node, void* target,
                   const Path& path);
    bool read_list(const Type& type, const FieldRules& rules, const Node& node, void* target,
                   const Path& path);
    bool read_map(const Type& type, const FieldRules& rules, const Node& node, void* target,
                  const Path& path);
    bool check_text(const FieldRules& rules, std::string_view text, const Path& path);
    bool check_count(const FieldRules& rules, std::size_t count, std::string_view unit,
                     const Path& path);
    bool check_bytes(const FieldRules& rules, std::size_t size, const Path& path);
    bool wrong_type(const Node& node, std::string_view wanted, const Path& path);
    bool out_of_range(std::string_view value, std::string_view wanted, const Path& path);
    bool not_one_of(const FieldRules& rules, std::string_view text, const Path& path);

    std::size_t max_problems_;
    std::size_t left_out_ = 0;
    std::vector<Problem> problems_;
};

}  // namespace hongyan::shape
