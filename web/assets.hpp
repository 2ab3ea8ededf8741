// The console, the API docs and Swagger UI as they are embedded in the binary: constant data for
// the static file handler of http/. The definition is generated at build time by
// tools/embed_assets.py. Safe from every thread, valid for the whole run.
#pragma once

#include <span>

#include "http/static_files.hpp"

namespace hongyan::web {

/// All embedded files, in the order of their paths: the application's page "index.html", the page
/// "docs", everything else below "assets/". A file that gzip or Brotli does not make smaller has an
/// empty gzip or br member.
[[nodiscard]] std::span<const http::Asset> assets();

}  // namespace hongyan::web
