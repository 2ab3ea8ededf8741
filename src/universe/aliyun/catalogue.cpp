#include "universe/aliyun/catalogue.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"

namespace hongyan::universe::aliyun {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) {
    if (value.is_string()) return std::string(value.get_string().c_str());
    return json::serialize(value);
}

SmsTemplate template_of(const json::value& value) {
    SmsTemplate made;
    if (!value.is_object()) {
        made.content = text_of(value);
        return made;
    }
    const json::object& object = value.get_object();
    if (const auto* content = object.if_contains("content")) made.content = text_of(*content);
    const auto* type = object.if_contains("type");
    made.is_verification = type != nullptr && text_of(*type) == "verification";
    return made;
}

std::optional<Refusal> refusal_of(const std::string& name, const std::string& value,
                                  const VariableLimits& limits) {
    if (utf8_length(value) > limits.longest) {
        return Refusal{200, "isv.PARAM_LENGTH_LIMIT",
                       "The variable " + name + " is longer than " +
                           std::to_string(limits.longest) + " characters."};
    }
    if (value.find("http://") != std::string::npos || value.find("https://") != std::string::npos) {
        return Refusal{200, "isv.PARAM_NOT_SUPPORT_URL", "Variables must not hold addresses."};
    }
    return std::nullopt;
}

/// The variables as text; nothing if one is neither text nor a number.
std::optional<std::map<std::string, std::string>> variables_of(const json::object& object) {
    std::map<std::string, std::string> variables;
    for (const auto& [name, value] : object) {
        if (value.is_object() || value.is_array() || value.is_null()) return std::nullopt;
        variables[std::string(name)] = text_of(value);
    }
    return variables;
}

/// content with its variables filled in; an Error-like refusal if one is missing.
std::variant<std::string, Refusal> filled(std::string_view content,
                                          const std::map<std::string, std::string>& variables) {
    std::string text;
    while (!content.empty()) {
        const auto start = std::min(content.find("${"), content.size());
        text += content.substr(0, start);
        content.remove_prefix(start);
        const auto end = content.find('}');
        if (content.empty() || end == std::string_view::npos) break;
        const std::string name(content.substr(2, end - 2));
        const auto found = variables.find(name);
        if (found == variables.end()) {
            return Refusal{200, "isv.TEMPLATE_MISSING_PARAMETERS",
                           "The template's variable " + name + " has no value."};
        }
        text += found->second;
        content.remove_prefix(end + 1);
    }
    return text + std::string(content);
}

}  // namespace

Catalogue::Catalogue(std::string_view signs, std::string_view templates) {
    for (const std::string& sign : split(signs, ',')) signs_.emplace_back(trim(sign));
    boost::system::error_code error;
    const json::value parsed = json::parse(templates, error);
    if (error || !parsed.is_object()) return;
    for (const auto& [code, value] : parsed.get_object()) {
        templates_[std::string(code)] = template_of(value);
    }
}

bool Catalogue::has_sign(std::string_view name) const {
    return std::any_of(signs_.begin(), signs_.end(),
                       [&](const std::string& sign) { return sign == name || sign == "*"; });
}

const SmsTemplate* Catalogue::find(const std::string& code) const {
    auto found = templates_.find(code);
    if (found == templates_.end()) found = templates_.find("*");
    return found == templates_.end() ? nullptr : &found->second;
}

std::variant<std::string, Refusal> render(const SmsTemplate& found, std::string_view sign,
                                          std::string_view param_json,
                                          const VariableLimits& limits) {
    boost::system::error_code error;
    const json::value parsed =
        param_json.empty() ? json::value(json::object{}) : json::parse(param_json, error);
    if (error || !parsed.is_object()) {
        return Refusal{200, "isv.INVALID_JSON_PARAM", "TemplateParam is not a JSON object."};
    }
    const auto variables = variables_of(parsed.get_object());
    if (!variables) {
        return Refusal{200, "isv.TEMPLATE_PARAMS_ILLEGAL", "Variables must be texts."};
    }
    for (const auto& [name, value] : *variables) {
        if (auto refusal = refusal_of(name, value, limits)) return *refusal;
    }
    auto text = filled(found.content, *variables);
    if (std::holds_alternative<Refusal>(text)) return text;
    for (const std::string& word : limits.illegal_words) {
        if (!word.empty() && std::get<std::string>(text).find(word) != std::string::npos) {
            return Refusal{200, "isv.SMS_CONTENT_ILLEGAL", "The text holds a forbidden word."};
        }
    }
    return "【" + std::string(sign) + "】" + std::get<std::string>(text);
}

}  // namespace hongyan::universe::aliyun
