// For tests that keep a page in docs/ equal to what the program prints. Such tests stand in files
// called generated_test.cpp, which the build tells where the sources are (HONGYAN_SOURCE_DIR), and
// their suite is called "generated", so that one command writes all pages again:
//     HONGYAN_WRITE_DOCS=1 ctest --test-dir build -R generated
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace hongyan {

/// Fails if the file at path below the sources differs from text; with HONGYAN_WRITE_DOCS it is
/// written instead.
inline void expect_generated(const std::string& path, const std::string& text) {
    const std::string file = std::string(HONGYAN_SOURCE_DIR) + "/" + path;
    if (std::getenv("HONGYAN_WRITE_DOCS") != nullptr) {
        std::ofstream stream(file, std::ios::binary);
        stream << text << std::flush;
        ASSERT_TRUE(stream.good()) << file << " cannot be written";
        return;
    }
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream found;
    found << stream.rdbuf();
    ASSERT_TRUE(stream.is_open()) << file << " cannot be read";
    EXPECT_TRUE(found.str() == text)
        << path << " is out of date; write it again with:\n"
        << "  HONGYAN_WRITE_DOCS=1 ctest --test-dir build -R generated";
}

}  // namespace hongyan
