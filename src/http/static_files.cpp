#include "http/static_files.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <vector>

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

/// The end of "index-Bx_zA-Cd".
bool ends_in_vite_hash(std::string_view name) {
    constexpr std::size_t hash_size = 8;
    if (name.size() <= hash_size || name[name.size() - hash_size - 1] != '-') return false;
    const auto hash = name.substr(name.size() - hash_size);
    const auto is_part = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-';
    };
    const auto is_telling = [](unsigned char c) {
        return std::isalnum(c) != 0 && std::islower(c) == 0;
    };
    return std::all_of(hash.begin(), hash.end(), is_part) &&
           std::any_of(hash.begin(), hash.end(), is_telling);
}

/// "assets/app-3f9a2c1b.js": the content can never change under this name.
bool has_hash_in_name(std::string_view path) {
    std::string_view name = path.substr(path.rfind('/') + 1);
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return false;
    name = name.substr(0, dot);
    if (ends_in_vite_hash(name)) return true;
    const std::size_t before = name.find_last_of("-.");
    return before != std::string_view::npos && is_hash(name.substr(before + 1));
}

/// Whether an Accept-Encoding allows a coding: named, or "*", and not with q=0.
bool accepts(std::string_view accepted, std::string_view wanted) {
    bool any = false;
    for (const std::string& item : split(accepted, ',')) {
        const std::string_view coding = trim(std::string_view(item).substr(0, item.find(';')));
        const std::size_t q = item.find("q=");
        const bool refused =
            q != std::string::npos && item.find_first_not_of("0. ", q + 2) == std::string::npos;
        if (equals_ignoring_case(coding, wanted)) return !refused;
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
    std::string br_etag;
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
    Prepared prepared{asset, {}, {}, {}, "no-cache", {}};
    if (!asset.etag.empty()) {
        prepared.etag = quoted(asset.etag, "");
        prepared.gzip_etag = quoted(asset.etag, "-gzip");
        prepared.br_etag = quoted(asset.etag, "-br");
    }
    if (has_hash_in_name(asset.path)) {
        prepared.cache_control = "public, max-age=31536000, immutable";
    }
    if (asset.content_type.starts_with("text/html")) {
        prepared.content_security_policy = options.content_security_policy;
    }
    return prepared;
}

/// One of the forms in which an asset is kept.
struct Form {
    std::string_view coding;  ///< "" = as it is
    std::string_view bytes;
    const std::string& etag;
};

Form form_for(const Prepared& prepared, std::string_view accepted) {
    const Asset& asset = prepared.asset;
    if (!asset.br.empty() && accepts(accepted, "br")) return {"br", asset.br, prepared.br_etag};
    if (!asset.gzip.empty() && accepts(accepted, "gzip"))
        return {"gzip", asset.gzip, prepared.gzip_etag};
    return {"", asset.bytes, prepared.etag};
}

Response serve(const Prepared& prepared, const Request& request) {
    const Form form = form_for(prepared, request.header("Accept-Encoding"));
    Response response;
    response.content_type = prepared.asset.content_type;
    response.headers.add("Cache-Control", prepared.cache_control);
    if (!prepared.asset.gzip.empty() || !prepared.asset.br.empty())
        response.headers.add("Vary", "Accept-Encoding");
    if (!form.etag.empty()) response.headers.add("ETag", form.etag);
    if (!form.etag.empty() && names_etag(request.header("If-None-Match"), form.etag)) {
        response.status = 304;
        return response;
    }
    if (!prepared.content_security_policy.empty()) {
        response.headers.add("Content-Security-Policy", prepared.content_security_policy);
    }
    if (!form.coding.empty()) response.headers.add("Content-Encoding", form.coding);
    response.static_body = form.bytes;
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

bool takes_html(std::string_view accepted) {
    for (const std::string& item : split(accepted, ',')) {
        const std::string_view type = trim(std::string_view(item).substr(0, item.find(';')));
        if (equals_ignoring_case(type, "text/html")) return true;
    }
    return false;
}

/// Whether the path may be a page of the application.
bool is_page(std::string_view path, std::span<const std::string_view> reserved) {
    const std::string decoded = percent_decoded(path);
    std::string_view rest = decoded;
    if (rest.substr(rest.rfind('/') + 1).find('.') != std::string_view::npos) return false;
    rest.remove_prefix(rest.find_first_not_of('/') == std::string_view::npos
                           ? rest.size()
                           : rest.find_first_not_of('/'));
    const auto first = to_lower(rest.substr(0, rest.find('/')));
    return std::find(reserved.begin(), reserved.end(), first) == reserved.end();
}

}  // namespace

void add_application(Router& router, std::span<const Asset> assets, const StaticOptions& options,
                     std::span<const std::string_view> reserved) {
    const auto index = std::find_if(assets.begin(), assets.end(), [&](const Asset& asset) {
        return asset.path == options.index;
    });
    HY_ASSERT(index != assets.end());
    const auto prepared = std::make_shared<const Prepared>(prepare(*index, options));
    for (const auto& entry : options.entries) router.add(Method::get, entry, handler_for(prepared));
    const std::vector<std::string_view> kept(reserved.begin(), reserved.end());
    router.set_fallback([prepared, kept](Request& request, Responder respond) {
        if (takes_html(request.header("Accept")) && is_page(request.path, kept)) {
            respond(serve(*prepared, request));
            return;
        }
        respond.fail(make_error(ErrorCode::not_found, "there is no route " +
                                                          std::string(to_text(request.method)) +
                                                          " " + std::string(request.path)));
    });
}

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
