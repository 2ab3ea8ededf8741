#include "engine/curl/url_rule.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/text.hpp"

namespace hongyan::curl {
namespace {

constexpr std::size_t max_url = 16 * 1024;

/// The "bad ports" of the Fetch standard: services whose protocol can be spoken by accident.
constexpr std::array<int, 83> bad_ports{
    0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,   25,
    37,   42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,  109,
    110,  111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,  389,
    427,  465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,  556,
    563,  587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659, 4045,
    4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080};

struct FreeUrl {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
    void operator()(char* text) const { curl_free(text); }
};

std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
    const std::unique_ptr<char, FreeText> owner(text);
    return text;
}

Error refusal(std::string detail) { return make_error(ErrorCode::bad_request, std::move(detail)); }

bool is_token(std::string_view text) {
    constexpr std::string_view extra = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               extra.find(c) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    });
}

}  // namespace

Result<UrlFacts> check_url(const std::string& url, UrlTrust trust) {
    if (url.size() > max_url || url.find('\0') != std::string::npos)
        return refusal("the URL is too long or holds a zero byte");
    const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
    HY_ASSERT(parsed != nullptr);
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        return refusal("the URL cannot be read");
    const std::string scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") return refusal("the URL must be http or https");
    const std::string port = part_of(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (trust == UrlTrust::users) {
        const bool has_user = !part_of(parsed.get(), CURLUPART_USER).empty() ||
                              !part_of(parsed.get(), CURLUPART_PASSWORD).empty();
        if (has_user) return refusal("the URL may not hold a user name or password");
        const auto number = static_cast<int>(parse_int(port).value_or(0));
        if (std::binary_search(bad_ports.begin(), bad_ports.end(), number))
            return refusal("port " + port + " belongs to another protocol");
    }
    return UrlFacts{scheme == "https",
                    scheme + "://" + part_of(parsed.get(), CURLUPART_HOST) + ":" + port};
}

Status check_request(const OutboundRequest& request) {
    if (!is_token(request.method)) return refusal("the method is not a word");
    for (const auto& [name, value] : request.headers) {
        if (!is_token(name)) return refusal("a header's name is not a word");
        if (!is_field_value(value)) return refusal("header " + name + " holds a control character");
    }
    return Done{};
}

}  // namespace hongyan::curl
