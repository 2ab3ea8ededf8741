// Reads CSV as RFC 4180 has it (quotes, doubled quotes, line ends inside quotes, CRLF or LF, byte
// order mark) with a header row. All bad rows are reported, each with its line in the file. Pure,
// safe from every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan::app {

struct CsvRow {
    std::size_t line = 0;  ///< where the row starts, counted from 1
    std::vector<std::string> fields;
};

struct CsvTable {
    std::vector<std::string> header;
    std::vector<CsvRow> rows;  ///< each with as many fields as the header; empty lines are left out
};

/// The table, or invalid_fields with one Problem ("line 17") for each bad row.
[[nodiscard]] Result<CsvTable> parse_csv(std::string_view text, char separator = ',');

}  // namespace hongyan::app
