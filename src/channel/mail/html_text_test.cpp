#include "channel/mail/html_text.hpp"

#include <gtest/gtest.h>

namespace hongyan::mail {
namespace {

TEST(html_text, blocks_become_lines_and_tags_go) {
    EXPECT_EQ(
        html_to_text("<html><head><title>x</title><style>p{}</style></head><body>"
                     "<h1>Hello</h1><p>One  <b>two</b>\n three</p><p>Four<br>five</p></body>"),
        "Hello\n\nOne two three\n\nFour\nfive");
    EXPECT_EQ(html_to_text("<ul><li>a</li><li>b</li></ul>"), "- a\n- b");
    EXPECT_EQ(html_to_text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>"),
              "a b\nc");
    EXPECT_EQ(html_to_text("a<br><br>b"), "a\n\nb");
}

TEST(html_text, links_keep_their_address) {
    EXPECT_EQ(html_to_text("<a class=x href=\"https://example.com/a?b=1\">Open</a> now"),
              "Open (https://example.com/a?b=1) now");
    EXPECT_EQ(html_to_text("<a href='https://example.com'>https://example.com</a>"),
              "https://example.com");
    EXPECT_EQ(html_to_text("<a href='javascript:alert(1)'>x</a>"), "x");
}

TEST(html_text, entities_are_resolved) {
    EXPECT_EQ(html_to_text("1 &lt; 2 &amp;&amp; &#20320;&#x597D; &euro; &nope; & done"),
              "1 < 2 && 你好 &euro; &nope; & done");
    EXPECT_EQ(html_to_text("a&nbsp;b&#0;&#xD800;c"), "a b c");
}

TEST(html_text, broken_pages_still_end) {
    for (const char* html : {"<", "<a", "<a href=", "<a href=\"", "<!--", "<script>", "<script></",
                             "a < b", "&", "&#", "&#x;", "</", "<p", "<a href>x</a>", "<>"}) {
        EXPECT_LE(html_to_text(html).size(), 20U) << html;
    }
    EXPECT_EQ(html_to_text("a < b and c > d"), "a < b and c > d");
    std::string many;
    for (int i = 0; i < 200'000; ++i) many += "<a ";
    EXPECT_FALSE(html_to_text(many).empty());
}

}  // namespace
}  // namespace hongyan::mail
