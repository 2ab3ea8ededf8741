// Static files from memory: assets that are embedded in the binary, answered without a copy, with
// ETag, gzip, Brotli and cache rules. Called once at the start; the assets must outlive the server.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/router.hpp"

namespace hongyan::http {

struct Asset {
    std::string_view path;  ///< below the prefix, without a slash before: "assets/app-3f9a2c1b.js"
    std::string_view content_type;
    std::string_view etag;  ///< without quotes, e.g. a hash of bytes; "" = none
    std::string_view bytes;
    std::string_view gzip = {};  ///< the same compressed, "" = none
    std::string_view br = {};    ///< the same compressed with Brotli, "" = none
};

struct StaticOptions {
    std::string prefix = {};           ///< "/monitor", or "" for the root; no slash at the end
    std::string index = "index.html";  ///< also answered at the prefix itself and at prefix + "/"
    /// Whether unknown paths below the prefix whose last segment has no dot get the index: for
    /// pages that route by themselves.
    bool single_page = false;
    /// Content-Security-Policy of HTML pages; "" = the server's default (this origin only).
    std::string content_security_policy = {};
    /// Pages of the application that are there for every client, whatever it accepts: "/monitor".
    std::vector<std::string> entries = {};
};

/// The index for every page of an application that routes by itself in the browser: GET requests
/// that take HTML, for paths that fit no route, whose last segment has no dot and whose first is
/// none of reserved ("api", "assets"; compared after decoding), and for options.entries. All others
/// are not found, as if there were no application. index must be one of assets.
void add_application(Router& router, std::span<const Asset> assets, const StaticOptions& options,
                     std::span<const std::string_view> reserved);

/// Adds GET (and so HEAD) routes. Names with a hash are cached for a year, all others are
/// revalidated each time. A hash is eight or more letters and digits, with a digit, after '-' or
/// '.'; or, as Vite makes them, eight of [A-Za-z0-9_-] after '-', not all of them small letters or
/// '-'.
void add_static(Router& router, std::span<const Asset> assets, const StaticOptions& options = {});

}  // namespace hongyan::http
