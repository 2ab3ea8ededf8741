// RequestTemplate: one HTTP POST, built once, with the places where each request gets numbers of
// its own. A connection keeps a copy of the text and has it renumbered before every request, so
// sending costs no formatting and no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "load/options.hpp"

namespace hongyan::bench {

class RequestTemplate {
  public:
    /// Reads the body file; throws std::runtime_error when it cannot be read.
    explicit RequestTemplate(const Options& options);

    [[nodiscard]] const std::string& text() const { return text_; }
    /// Writes fresh numbers, counted up from next_number, into a copy of text().
    void renumber(std::string& copy, std::uint64_t& next_number) const;

  private:
    std::string text_;
    std::vector<std::size_t> places_;
};

}  // namespace hongyan::bench
