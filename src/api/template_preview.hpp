// Previews: a compiled template filled with given values and, where none is given, with the samples
// of its declarations. Pure; safe from every thread.
#pragma once

#include "api/template_wire.hpp"
#include "delivery/template_book.hpp"

namespace hongyan::api {

/// Fails with template_variables or content_invalid and every problem; paths "$.variables.NAME",
/// "$.subject", "$.content",
/// "$.html". given may be null. Null for an optional variable shows the text without it.
[[nodiscard]] Result<PreviewView> make_preview(const delivery::CompiledTemplate& chosen,
                                               const shape::JsonObject* given);

}  // namespace hongyan::api
