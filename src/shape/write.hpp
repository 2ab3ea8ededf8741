// Writing values by their description, piece by piece. Internal to shape; callers use shape::write.
#pragma once

#include <string>

#include "shape/field.hpp"

namespace hongyan::shape {

/// Appends the value at source, which type describes, as compact JSON.
void append_value(std::string& out, const Type& type, const FieldRules& rules, const void* source);
/// text as a JSON string; bytes that are not UTF-8 become U+FFFD, so that the document stays valid.
void append_text(std::string& out, std::string_view text);

}  // namespace hongyan::shape
