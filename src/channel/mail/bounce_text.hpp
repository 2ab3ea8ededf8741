// Bounces that are only text: qmail, Exim, old Exchange and the Chinese mail houses. Says from the
// words and codes whether a text is a bounce at all and what kind. Words decide little where codes
// are given; a text that says nothing known is no evidence. Pure, linear.
#pragma once

#include <string>
#include <string_view>

namespace hongyan::mail {

enum class BounceWord { none, delayed, soft, hard, failed };

struct TextBounce {
    /// none: nothing says that it is a bounce; failed: it is one, nobody says why.
    BounceWord word = BounceWord::none;
    std::string code;       ///< "5.1.1" or "550"; "" if there is none
    std::string detail;     ///< the line that decided
    std::string recipient;  ///< the address named before the reason, or ""
};

/// text: what a person would read, decoded. A copy of the original mail at its end is left out.
[[nodiscard]] TextBounce read_bounce_text(std::string_view text);

/// Where the copy of the original mail starts, or the text's size.
[[nodiscard]] std::size_t original_start(std::string_view text);

}  // namespace hongyan::mail
