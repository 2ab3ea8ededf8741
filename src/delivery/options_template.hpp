// OptionsTemplate: the options of a template, a JSON object whose texts are templates themselves
// ({"aliyun":{"template_params":{"code":"{{ code }}"}}}). Compiled once, rendered for each message;
// constant after that, safe from every thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "render/template.hpp"

namespace hongyan::delivery {

class OptionsTemplate {
  public:
    OptionsTemplate() = default;
    /// json "" gives an empty one. What is wrong is added to problems, with paths below
    /// "$.options".
    [[nodiscard]] static OptionsTemplate compile(std::string_view json,
                                                 const std::vector<render::VariableSpec>& specs,
                                                 std::vector<Problem>& problems);
    [[nodiscard]] bool empty() const { return held_ == nullptr; }
    /// JSON text. Errors: as Template::render_to.
    [[nodiscard]] Result<std::string> render(const boost::json::object& variables) const;

  private:
    struct Held;
    std::shared_ptr<const Held> held_;  ///< shared: a compiled template is copied as a whole
};

}  // namespace hongyan::delivery
