#include "channel/wechat/node.hpp"

#include <gtest/gtest.h>

namespace hongyan::wechat {
namespace {

TEST(wechat_node, reads_the_published_event) {
    const auto event = read_xml(
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>\n<CreateTime>1395658920"
        "</CreateTime> <Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>200163836</MsgID>"
        "<Status><![CDATA[failed: system failed]]></Status><Empty/></xml>\n");
    ASSERT_TRUE(event.ok());
    EXPECT_EQ(event->name, "xml");
    EXPECT_EQ(event->text_of("ToUserName"), "gh_7f083739789a");
    EXPECT_EQ(event->text_of("MsgID"), "200163836");
    EXPECT_EQ(event->text_of("Status"), "failed: system failed");
    EXPECT_NE(event->find("Empty"), nullptr);
    EXPECT_EQ(event->find("MsgId"), nullptr);
}

TEST(wechat_node, resolves_the_predefined_entities_and_numbers_only) {
    const auto node = read_xml("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x4e2D;&#x1F600;</a>");
    ASSERT_TRUE(node.ok());
    EXPECT_EQ(node->text, "<>&\"'A中\xF0\x9F\x98\x80");
    for (const char* bad : {"<a>&lol;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>",
                            "<a>&#;</a>", "<a>&#x;</a>", "<a>&</a>", "<a>&amp</a>",
                            "<a>&#99999999999999;</a>", "<a>&#4294967361;</a>"}) {
        EXPECT_FALSE(read_xml(bad).ok()) << bad;
    }
}

TEST(wechat_node, refuses_whatever_could_expand_or_be_fetched) {
    for (const char* bad :
         {"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
          "<?xml version=\"1.0\"?><!DOCTYPE a><a/>", "<a><!-- no --></a>", "<a><?php ?></a>",
          "<a b=\"c\"/>", "<a b=\"c\"></a>", "<a><!ENTITY x \"y\"></a>"}) {
        EXPECT_FALSE(read_xml(bad).ok()) << bad;
    }
}

TEST(wechat_node, refuses_documents_that_are_broken) {
    for (const char* bad : {"", "text", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a/>x", "<>x</>",
                            "<a", "<a><![CDATA[x</a>", "<?xml", "<a>\xff</a>"}) {
        EXPECT_FALSE(read_xml(bad).ok()) << bad;
    }
}

TEST(wechat_node, keeps_to_its_limits) {
    std::string deep;
    for (int i = 0; i < 9; ++i) deep += "<a>";
    for (int i = 0; i < 9; ++i) deep += "</a>";
    EXPECT_FALSE(read_xml(deep).ok());
    std::string wide = "<a>";
    for (int i = 0; i < 1'000; ++i) wide += "<b/>";
    EXPECT_FALSE(read_xml(wide + "</a>").ok());
    EXPECT_FALSE(read_xml("<a>" + std::string(longest_event, 'x') + "</a>").ok());
    EXPECT_FALSE(read_json("[" + std::string(20, '[') + std::string(21, ']')).ok());
}

TEST(wechat_node, reads_json_into_the_same_tree) {
    const auto event = read_event_text(
        R"( {"CreateTime":1714112445,"MsgID":3512318923471110147,"List":[{"MsgID":"1"},{"MsgID":"2"}],"None":null})");
    ASSERT_TRUE(event.ok());
    EXPECT_EQ(event->text_of("CreateTime"), "1714112445");
    EXPECT_EQ(event->text_of("MsgID"), "3512318923471110147");
    EXPECT_EQ(event->children.size(), 5U);
    EXPECT_EQ(event->text_of("None"), "");
    EXPECT_FALSE(read_event_text("{").ok());
}

}  // namespace
}  // namespace hongyan::wechat
