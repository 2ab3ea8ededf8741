// TemplateBook: every template compiled and ready, so that accepting a message neither reads the
// store nor compiles. The book is replaced as a whole when a template changes; a message keeps the
// version it was accepted with. Safe from every thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "contract/store.hpp"
#include "delivery/options_template.hpp"
#include "model/records.hpp"
#include "render/template.hpp"

namespace hongyan::delivery {

struct CompiledTemplate {
    TemplateRecord record;
    std::vector<render::VariableSpec> specs;
    render::Template subject;
    render::Template content;
    render::Template html;
    OptionsTemplate options;
};
/// Shared because messages being made hold a version while a new one replaces it in the book.
using TemplatePtr = std::shared_ptr<const CompiledTemplate>;

/// How values are escaped in the content of a channel: where the content is a JSON document (it
/// begins with a brace, as the cards of app, WeChat and Feishu do) as JSON text, else not at all.
/// Subjects are headers, the HTML part is HTML.
[[nodiscard]] render::Escape content_escape(ChannelKind channel, std::string_view content);

/// Compiles all parts; fails with template_invalid and every problem, paths "$.subject",
/// "$.content", "$.html",
/// "$.variables[n]....".
[[nodiscard]] Result<TemplatePtr> compile_template(TemplateRecord record);

class TemplateBook {
  public:
    /// Reads all templates; those that do not compile (written by hand into the table) are logged
    /// and left out.
    Status load(Store& store, Log& log);
    /// Null if there is none.
    [[nodiscard]] TemplatePtr find(std::int64_t tenant_id, std::int64_t id) const;
    [[nodiscard]] TemplatePtr find(std::int64_t tenant_id, std::string_view name) const;
    /// The name most like this one, for a hint; "" if none is near.
    [[nodiscard]] std::string nearest_name(std::int64_t tenant_id, std::string_view name) const;

  private:
    struct Pages {
        std::map<std::pair<std::int64_t, std::int64_t>, TemplatePtr> by_id;
        std::map<std::pair<std::int64_t, std::string>, TemplatePtr, std::less<>> by_name;
    };
    [[nodiscard]] std::shared_ptr<const Pages> pages() const;

    mutable std::mutex mutex_;
    std::shared_ptr<const Pages> pages_ = std::make_shared<Pages>();  ///< under mutex_
};

}  // namespace hongyan::delivery
