#include "base/testing/generated_file.hpp"
#include "config/document.hpp"

namespace hongyan::config {
namespace {

TEST(generated, the_page_of_settings_is_what_config_docs_prints) {
    expect_generated("docs/configuration.md", configuration_markdown());
}

TEST(generated, the_example_file_is_what_config_sample_prints) {
    expect_generated("docs/hongyan.example.toml", sample_toml());
}

}  // namespace
}  // namespace hongyan::config
