// The two text forms in which PostgreSQL takes many rows at once: CopyRows for COPY ... FROM STDIN,
// ArrayText for a parameter that a statement reads with unnest($1::bigint[]). Plain values, used by
// one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hongyan::table {

class CopyRows {
  public:
    CopyRows& number(std::int64_t value);
    CopyRows& text(std::string_view value);
    CopyRows& blob(std::string_view bytes);
    CopyRows& null();
    /// NULL for 0 and "": most optional columns mean it so.
    CopyRows& number_or_null(std::int64_t value) { return value == 0 ? null() : number(value); }
    CopyRows& text_or_null(std::string_view value) { return value.empty() ? null() : text(value); }
    void end_row();
    [[nodiscard]] std::string_view rows() const { return rows_; }

  private:
    void separate();
    std::string rows_;
    bool in_row_ = false;
};

class ArrayText {
  public:
    void number(std::int64_t value);
    void text(std::string_view value);
    void null();
    void number_or_null(std::int64_t value) { value == 0 ? null() : number(value); }
    void text_or_null(std::string_view value) { value.empty() ? null() : text(value); }
    /// "{1,NULL,3}"; nothing may be added afterwards.
    [[nodiscard]] std::string_view close();

  private:
    void separate();
    std::string text_ = "{";
};

}  // namespace hongyan::table
