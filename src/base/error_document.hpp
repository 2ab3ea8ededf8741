// The page docs/errors.md, made from the table of errors. Pure, safe from every thread.
#pragma once

#include <string>

namespace hongyan {

/// Markdown: what an error reply looks like, then every error with its number, status and remedy.
[[nodiscard]] std::string errors_markdown();

}  // namespace hongyan
