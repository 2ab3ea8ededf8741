#include "http/static_files.hpp"

#include <algorithm>
#include <cctype>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace hongyan::http {

namespace {

bool is_hash(std::string_view part) {
    const auto is_alphanumeric = [](unsigned char c) { return std::isalnum(c) != 0; };
    const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
    return part.size() >= 8 && std::all_of(part.begin(), part.end(), is_alphanumeric) &&
           std::any_of(part.begin(), part.end(), is_digit);
}

/// "assets/app-3f9a2c1b.js": the content can never change under this name.
bool has_hash_in_name(std::string_view path) {
    std::string_view name = path.substr(path.rfind('/') + 1);
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return false;
    name = name.substr(0, dot);
    const std::size_t before = name.find_last_of("-.");
    return before != std::string_view::npos && is_hash(name.substr(before + 1));
}

/// Whether an Accept-Encoding allows gzip: named, or "*", and not with q=0.
bool accepts_gzip(std::string_view accepted) {
    bool any = false;
    for (const std::string& item : split(accepted, ',')) {
        const std::string_view coding = trim(std::string_view(item).substr(0, item.find(';')));
        const std::size_t q = item.find("q=");
        const bool refused =
            q != std::string::npos && item.find_first_not_of("0. ", q + 2) == std::string::npos;
        if (equals_ignoring_case(coding, "gzip")) return !refused;
        if (coding == "*") any = !refused;
    }
    return any;
}

/// Whether an If-None-Match names the tag; a weak comparison (RFC 9110 section 13.1.2).
bool names_etag(std::string_view if_none_match, std::string_view quoted) {
    if (trim(if_none_match) == "*") return true;
    for (const std::string& item : split(if_none_match, ',')) {
        std::string_view tag = trim(item);
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        if (tag == quoted) return true;
    }
    return false;
}

/// Everything about one asset that can be known before a request comes.
struct Prepared {
    Asset asset;
    std::string etag;       ///< quoted, or ""
    std::string gzip_etag;  ///< another representation has another tag
    std::string_view cache_control;
    std::string content_security_policy;
};

std::string quoted(std::string_view tag, std::string_view suffix) {
    std::string text;
    text += '"';
    text += tag;
    text += suffix;
    text += '"';
    return text;
}

Prepared prepare(const Asset& asset, const StaticOptions& options) {
    Prepared prepared{asset, {}, {}, "no-cache", {}};
    if (!asset.etag.empty()) {
        prepared.etag = quoted(asset.etag, "");
        prepared.gzip_etag = quoted(asset.etag, "-gzip");
    }
    if (has_hash_in_name(asset.path)) {
        prepared.cache_control = "public, max-age=31536000, immutable";
    }
    if (asset.content_type.starts_with("text/html")) {
        prepared.content_security_policy = options.content_security_policy;
    }
    return prepared;
}

Response serve(const Prepared& prepared, const Request& request) {
    const bool gzip =
        !prepared.asset.gzip.empty() && accepts_gzip(request.header("Accept-Encoding"));
    const std::string& etag = gzip ? prepared.gzip_etag : prepared.etag;
    Response response;
    response.content_type = prepared.asset.content_type;
    response.headers.add("Cache-Control", prepared.cache_control);
    if (!prepared.asset.gzip.empty()) response.headers.add("Vary", "Accept-Encoding");
    if (!etag.empty()) response.headers.add("ETag", etag);
    if (!etag.empty() && names_etag(request.header("If-None-Match"), etag)) {
        response.status = 304;
        return response;
    }
    if (!prepared.content_security_policy.empty()) {
        response.headers.add("Content-Security-Policy", prepared.content_security_policy);
    }
    if (gzip) response.headers.add("Content-Encoding", "gzip");
    response.static_body = gzip ? prepared.asset.gzip : prepared.asset.bytes;
    return response;
}

Handler handler_for(std::shared_ptr<const Prepared> prepared) {
    return [prepared = std::move(prepared)](Request& request, Responder respond) {
        respond(serve(*prepared, request));
    };
}

/// Answers with the index unless the last segment looks like a file.
Handler single_page_handler(std::shared_ptr<const Prepared> index) {
    return [index = std::move(index)](Request& request, Responder respond) {
        const std::string_view name = request.path.substr(request.path.rfind('/') + 1);
        if (name.find('.') != std::string_view::npos) {
            respond.fail(make_error(ErrorCode::not_found,
                                    "no file " + std::string(request.path) + " is known"));
            return;
        }
        respond(serve(*index, request));
    };
}

}  // namespace

void add_static(Router& router, std::span<const Asset> assets, const StaticOptions& options) {
    for (const Asset& asset : assets) {
        // Shared by the copies that std::function may make of the handler.
        const auto prepared = std::make_shared<const Prepared>(prepare(asset, options));
        router.add(Method::get, options.prefix + "/" + std::string(asset.path),
                   handler_for(prepared));
        if (asset.path != options.index) continue;
        if (!options.prefix.empty()) {
            router.add(Method::get, options.prefix, handler_for(prepared));
        }
        if (options.single_page) {
            router.add(Method::get, options.prefix + "/{path*}", single_page_handler(prepared));
        } else {
            router.add(Method::get, options.prefix + "/", handler_for(prepared));
        }
    }
}

}  // namespace hongyan::http
