// A plain reading of an HTML page, for the text part of a mail that was given as HTML only: tags
// go, blocks become lines, links keep their address, common entities are resolved. Not a browser:
// any input gives some text, in linear time. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>

namespace hongyan::mail {

/// Text with LF line ends, without leading or trailing empty lines.
[[nodiscard]] std::string html_to_text(std::string_view html);

}  // namespace hongyan::mail
