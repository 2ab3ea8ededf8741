// A table of text for the terminal: columns as wide as their widest cell, Chinese and other wide
// characters counted as two, control characters made visible so that no message can play with the
// terminal. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hongyan::app {

/// A JSON value over several lines, indented by two spaces.
[[nodiscard]] std::string indented_json(const boost::json::value& value);

class TextTable {
  public:
    explicit TextTable(std::vector<std::string> header) { add(std::move(header)); }
    /// Cells may carry colour codes made by Session::paint; they take no width.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::size_t size() const { return rows_.size() - 1; }

  private:
    std::vector<std::vector<std::string>> rows_;
};

/// Columns that the text takes on a terminal.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// text on one line, control characters as "?", cut to width columns with "…".
[[nodiscard]] std::string one_line(std::string_view text, std::size_t width);

}  // namespace hongyan::app
