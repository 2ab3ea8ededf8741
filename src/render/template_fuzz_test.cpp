// A bounded, repeatable run of the fuzz target: templates put together from pieces of the language,
// then bent at random.
#include <gtest/gtest.h>

#include <random>

#include "render/template_fuzz.cpp"

namespace {

constexpr std::string_view pieces[] = {"{{",
                                       "}}",
                                       "{%",
                                       "%}",
                                       "{#",
                                       "#}",
                                       "{{-",
                                       "-}}",
                                       "{%-",
                                       "-%}",
                                       " if ",
                                       " elif ",
                                       " else ",
                                       " endif ",
                                       " for ",
                                       " in ",
                                       " endfor ",
                                       " raw ",
                                       " endraw ",
                                       " not ",
                                       " and ",
                                       " or ",
                                       "|",
                                       "(",
                                       ")",
                                       "[",
                                       "]",
                                       ".",
                                       ",",
                                       "==",
                                       "!=",
                                       "<",
                                       "<=",
                                       "-",
                                       "a",
                                       "b",
                                       "list",
                                       "o",
                                       "o.p",
                                       "list[0]",
                                       "loop.index",
                                       "loop.last",
                                       "x",
                                       "\"t\"",
                                       "'",
                                       "\"",
                                       "\\",
                                       "1",
                                       "2.5",
                                       "99999999999999999999",
                                       "true",
                                       " | upper",
                                       " | truncate(3)",
                                       " | join(\"-\")",
                                       " | json",
                                       " | default(a)",
                                       " | replace(\"a\", \"aaaaaaaa\")",
                                       " | date(\"%Y%-d\")",
                                       " | number(2, \",\")",
                                       " | first",
                                       " | safe",
                                       " | urlencode",
                                       " | length",
                                       "text",
                                       "\n",
                                       "é",
                                       "茶",
                                       "😀",
                                       "\xFF",
                                       std::string_view("\0", 1),
                                       "{% if a %}y{% else %}n{% endif %}",
                                       "{% for x in list %}{{ x }}{% endfor %}",
                                       "{{ a }}",
                                       "{{ o.p }}",
                                       "{% raw %}{{{% endraw %}"};
constexpr std::string_view variable_sets[] = {
    R"({"a":"text","b":3,"list":["x",2,null,["y"]],"o":{"p":{"q":1}},"x":true})",
    R"({"a":"2026-11-23","b":1e300,"list":[],"o":{},"x":null})",
    R"({"a":"<\u0000\r\n\"&😀","b":-0.0005,"list":["茶","é"],"o":[1,2,3],"x":18446744073709551615})",
    R"({})"};

class Bender {
  public:
    explicit Bender(std::uint32_t seed) : random_(seed) {}

    std::string input() {
        std::string text(1, static_cast<char>(below(8)));
        for (std::size_t count = 1 + below(14); count > 0; --count)
            text += pieces[below(std::size(pieces))];
        if (below(3) == 0) bend(text);
        text += '\0';
        text += variable_sets[below(std::size(variable_sets))];
        return text;
    }

  private:
    std::size_t below(std::size_t bound) { return random_() % bound; }
    void bend(std::string& text) {
        for (std::size_t count = 1 + below(3); count > 0 && text.size() > 2; --count) {
            const std::size_t at = 1 + below(text.size() - 1);
            switch (below(3)) {
                case 0:
                    text[at] = static_cast<char>(below(256));
                    break;
                case 1:
                    text.erase(at, 1 + below(3));
                    break;
                default:
                    text.insert(at, text.substr(1 + below(text.size() - 1), below(12)));
            }
        }
    }

    std::mt19937 random_;
};

TEST(TemplateFuzz, whatever_is_compiled_and_rendered_stays_within_its_budgets) {
    Bender bender(20261123);
    for (int i = 0; i < 60'000; ++i) {
        const std::string input = bender.input();
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    }
}

TEST(TemplateFuzz, bent_copies_of_a_good_template_do_no_harm) {
    const std::string good =
        "{{ a | default('-') | upper }}{% for x in list %}{% if x in ['x', 2] and not loop.last "
        "%}{{ loop.index }}"
        "{% elif x == o.p.q %}{{ o | json }}{% else %}{{ b | number(2) }}{% endif %}{% else "
        "%}none{% endfor %}";
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string text = std::string(1, static_cast<char>(i % 8)) + good;
        for (int k = 0; k < 2; ++k) {
            const std::size_t at = 1 + random() % (text.size() - 1);
            const auto other = 1 + random() % (text.size() - 1);
            if (random() % 2 == 0) {
                text.erase(at, 1);
            } else {
                text[at] = text[other];
            }
        }
        text += '\0';
        text += variable_sets[random() % std::size(variable_sets)];
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    }
}

}  // namespace
