#include "app/cli_csv.hpp"

#include <set>
#include <utility>

#include "base/text.hpp"

namespace hongyan::app {
namespace {

class CsvReader {
  public:
    CsvReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

    Result<CsvTable> run() {
        if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
        if (text_.starts_with("\xFF\xFE") || text_.starts_with("\xFE\xFF")) {
            report(1, "the file is UTF-16; save it as \"CSV UTF-8\"");
        } else {
            read_header();
            while (problems_.size() < max_problems && at_ < text_.size()) read_data_row();
        }
        if (problems_.empty()) return std::move(table_);
        Error error = make_error(ErrorCode::invalid_fields, "The CSV file cannot be used.");
        error.problems = std::move(problems_);
        return error;
    }

  private:
    static constexpr std::size_t max_problems = 100;

    void report(std::size_t line, const std::string& what) {
        const std::string place = "line " + std::to_string(line);
        problems_.push_back({place, "csv", place + ": " + what + "."});
    }

    void read_header() {
        CsvRow row = read_row();
        while (is_blank(row) && at_ < text_.size()) row = read_row();
        if (is_blank(row))
            return report(1, "the file is empty; the first row must name the columns");
        std::set<std::string> names;
        for (auto& name : row.fields) {
            name = std::string(trim(name));
            if (name.empty()) report(row.line, "a column has no name");
            if (!name.empty() && !names.insert(name).second)
                report(row.line, "column \"" + name + "\" stands there twice");
        }
        table_.header = std::move(row.fields);
    }

    void read_data_row() {
        const std::size_t before = problems_.size();
        CsvRow row = read_row();
        if (problems_.size() != before || is_blank(row)) return;
        if (row.fields.size() != table_.header.size()) {
            return report(row.line, std::to_string(row.fields.size()) +
                                        " fields, but the header has " +
                                        std::to_string(table_.header.size()));
        }
        for (const auto& field : row.fields) {
            if (field.find('\0') != field.npos) return report(row.line, "there is a NUL byte");
            if (!is_utf8(field))
                return report(row.line, "the text is not UTF-8; save the file as \"CSV UTF-8\"");
        }
        table_.rows.push_back(std::move(row));
    }

    static bool is_blank(const CsvRow& row) {
        return row.fields.size() == 1 && trim(row.fields[0]).empty();
    }

    CsvRow read_row() {
        CsvRow row{line_, {}};
        do {
            row.fields.push_back(at_ < text_.size() && text_[at_] == '"' ? read_quoted()
                                                                         : read_plain());
        } while (skip_separator());
        skip_line_end();
        return row;
    }

    std::string read_plain() {
        const std::size_t start = at_;
        while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n' &&
               text_[at_] != '\r')
            ++at_;
        std::string field(text_.substr(start, at_ - start));
        if (field.find('"') != field.npos) {
            report(line_,
                   "a quote stands inside an unquoted field; put the whole field in quotes and "
                   "double the inner ones");
        }
        return field;
    }

    std::string read_quoted() {
        const std::size_t start_line = line_;
        std::string field;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') ++line_;
            if (text_[at_] != '"') {
                field += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                field += text_[at_++];
            } else {
                ++at_;
                expect_field_end();
                return field;
            }
        }
        report(start_line, "a quoted field begins here and never ends");
        return field;
    }

    void expect_field_end() {
        if (at_ >= text_.size() || text_[at_] == separator_ || text_[at_] == '\n' ||
            text_[at_] == '\r')
            return;
        report(line_, "there is text after a closing quote; double the quotes inside a field");
        read_to_field_end();
    }

    void read_to_field_end() {
        while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n' &&
               text_[at_] != '\r')
            ++at_;
    }

    bool skip_separator() {
        if (at_ >= text_.size() || text_[at_] != separator_) return false;
        ++at_;
        return true;
    }

    void skip_line_end() {
        if (at_ < text_.size() && text_[at_] == '\r') ++at_;
        if (at_ < text_.size() && text_[at_] == '\n') ++at_;
        ++line_;
    }

    std::string_view text_;
    const char separator_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    CsvTable table_;
    std::vector<Problem> problems_;
};

}  // namespace

Result<CsvTable> parse_csv(std::string_view text, char separator) {
    return CsvReader(text, separator).run();
}

}  // namespace hongyan::app
