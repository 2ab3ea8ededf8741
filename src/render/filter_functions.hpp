// The functions behind the filters, by family; the table in filter.cpp says what each takes. Kinds
// of subject and arguments are checked before a function is called. Internal to render/.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "render/value.hpp"
#include "render/workspace.hpp"

namespace hongyan::render {

using Arguments = std::span<const Value>;

// filters_text.cpp
bool filter_upper(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_lower(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_capitalize(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_trim(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_truncate(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_replace(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_escape(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_nl2br(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_urlencode(Workspace& workspace, Value& subject, Arguments arguments);
[[nodiscard]] std::string check_truncate(std::size_t index, const Value& argument);
[[nodiscard]] std::string check_replace(std::size_t index, const Value& argument);

// filters_data.cpp
bool filter_default(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_length(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_join(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_first(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_last(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_json(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_safe(Workspace& workspace, Value& subject, Arguments arguments);

// filters_number.cpp
bool filter_number(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_round(Workspace& workspace, Value& subject, Arguments arguments);
bool filter_currency(Workspace& workspace, Value& subject, Arguments arguments);
[[nodiscard]] std::string check_decimals(std::size_t index, const Value& argument);
[[nodiscard]] std::string check_currency(std::size_t index, const Value& argument);

// filters_date.cpp
bool filter_date(Workspace& workspace, Value& subject, Arguments arguments);
[[nodiscard]] std::string check_date(std::size_t index, const Value& argument);

/// The subject, a scalar, as text that lives as long as the workspace.
[[nodiscard]] bool text_of(Workspace& workspace, const Value& subject, std::string_view& text);

}  // namespace hongyan::render
