// What the simulated account may send: its approved signatures and templates, from the service's
// settings. Plain data made anew for each request; safe to read from every thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "universe/aliyun/replies.hpp"

namespace hongyan::universe::aliyun {

struct SmsTemplate {
    std::string content;           ///< with ${name} for each variable
    bool is_verification = false;  ///< has the narrow limits of codes
};

class Catalogue {
  public:
    /// signs: names with commas between; templates: a JSON object, each value the text or
    /// {"type":"verification","content":"..."}. "*" in either allows all others.
    Catalogue(std::string_view signs, std::string_view templates);

    [[nodiscard]] bool has_sign(std::string_view name) const;
    /// Null if there is no such template.
    [[nodiscard]] const SmsTemplate* find(const std::string& code) const;

  private:
    std::vector<std::string> signs_;
    std::map<std::string, SmsTemplate> templates_;
};

/// What a variable may be.
struct VariableLimits {
    std::size_t longest = 100;               ///< in characters
    std::vector<std::string> illegal_words;  ///< refused anywhere in the text
};
/// The text as it reaches the handset, "【sign】" in front; or why it cannot be sent. param_json is
/// TemplateParam.
[[nodiscard]] std::variant<std::string, Refusal> render(const SmsTemplate& found,
                                                        std::string_view sign,
                                                        std::string_view param_json,
                                                        const VariableLimits& limits);

}  // namespace hongyan::universe::aliyun
