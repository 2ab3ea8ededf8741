// Result<T>: a value or an Error, for everything that can happen. Test it and use it like a
// pointer, in the smallest scope:
//     if (auto row = find(id); row) use(*row); else return row.error();
// Not thread-safe by itself; move it between threads.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.hpp"
#include "base/error_table.hpp"

namespace hongyan {

/// One wrong field of a request or a file.
struct Problem {
    std::string path;    ///< JSON path, e.g. "$.recipients[17].recipient"
    std::string code;    ///< machine word, e.g. "required", "out_of_range"
    std::string detail;  ///< what is wrong and what would be right
};

/// What went wrong, for the caller and for the reader of the log.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string detail;
    std::vector<Problem> problems;             ///< every bad field, when fields are the trouble
    std::chrono::milliseconds retry_after{0};  ///< > 0: when a repeat makes sense
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    [[nodiscard]] T& operator*() {
        HY_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] const T& operator*() const {
        HY_ASSERT(ok());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] T* operator->() { return &**this; }
    [[nodiscard]] const T* operator->() const { return &**this; }
    [[nodiscard]] Error& error() {
        HY_ASSERT(!ok());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] const Error& error() const {
        HY_ASSERT(!ok());
        return *std::get_if<1>(&state_);
    }

  private:
    std::variant<T, Error> state_;
};

/// Success without a value.
struct Done {};
using Status = Result<Done>;

/// Shorthand for an error without field problems.
[[nodiscard]] inline Error make_error(ErrorCode code, std::string detail) {
    Error error;
    error.code = code;
    error.detail = std::move(detail);
    return error;
}

}  // namespace hongyan
