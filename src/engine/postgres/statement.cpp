#include "engine/postgres/statement.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "base/storable.hpp"

namespace hongyan::postgres {
namespace {

constexpr Oid bytea = 17;
constexpr Oid int8 = 20;
constexpr Oid text_type = 25;
constexpr Oid float8 = 701;

int digit_of(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/// "\x48c3" as bytes.
std::string unhex(const char* text, int size) {
    std::string bytes;
    bytes.reserve(static_cast<std::size_t>(size) / 2);
    for (int i = 2; i + 1 < size; i += 2)
        bytes += static_cast<char>(digit_of(text[i]) << 4 | digit_of(text[i + 1]));
    return bytes;
}

}  // namespace

PostgresStatement::Value& PostgresStatement::place(int index) {
    HY_ASSERT(index >= 1 && index <= 65'535);
    const auto slot = static_cast<std::size_t>(index - 1);
    if (values_.size() <= slot) values_.resize(slot + 1);
    bound_ = std::max(bound_, slot + 1);
    return values_[slot];
}

void PostgresStatement::put_number(int index, Oid type, std::uint64_t bits) {
    Value& value = place(index);
    value.type = type;
    for (int byte = 7; byte >= 0; --byte, bits >>= 8)
        value.number[static_cast<std::size_t>(byte)] = static_cast<char>(bits & 0xFF);
    value.data = value.number.data();
    value.size = value.number.size();
}

void PostgresStatement::bind(int index, std::int64_t value) {
    put_number(index, int8, static_cast<std::uint64_t>(value));
}

void PostgresStatement::bind(int index, double value) {
    put_number(index, float8, std::bit_cast<std::uint64_t>(value));
}

void PostgresStatement::bind(int index, std::string_view text) {
    Value& value = place(index);
    value.type = text_type;
    if (!is_storable(text)) {
        value.mended = storable(text);
        text = value.mended;
    }
    value.data = text.data() != nullptr ? text.data() : "";
    value.size = text.size();
}

void PostgresStatement::bind_blob(int index, std::string_view bytes) {
    Value& value = place(index);
    value.type = bytea;
    value.data = bytes.data() != nullptr ? bytes.data() : "";
    value.size = bytes.size();
}

void PostgresStatement::bind_null(int index) {
    Value& value = place(index);
    value.type = 0;
    value.data = nullptr;
    value.size = 0;
}

bool PostgresStatement::fits() const {
    if (prepared_name_.empty() || prepared_.size() != bound_) return false;
    for (std::size_t i = 0; i < bound_; ++i) {
        if (values_[i].type != 0 && values_[i].type != prepared_[i]) return false;
    }
    return true;
}

void PostgresStatement::prepare() {
    std::vector<Oid> types(bound_);
    for (std::size_t i = 0; i < bound_; ++i) {
        const Oid known = i < prepared_.size() ? prepared_[i] : 0;
        types[i] = values_[i].type != 0 ? values_[i].type : known;
    }
    std::string name = name_ + "_" + std::to_string(++versions_);
    connection_.prepare(name, sql_, types);
    const std::string old = std::exchange(prepared_name_, std::move(name));
    prepared_ = std::move(types);
    if (!old.empty()) (void)connection_.execute("DEALLOCATE " + old);
}

void PostgresStatement::execute() {
    if (state_.spent)
        throw PostgresFailure(FailureKind::again, "the transaction has failed before", sql_);
    try {
        if (!fits()) prepare();
        parameters_.values.resize(bound_);
        parameters_.lengths.resize(bound_);
        parameters_.formats.assign(bound_, 1);
        for (std::size_t i = 0; i < bound_; ++i) {
            HY_ASSERT(values_[i].size <= std::numeric_limits<int>::max());
            parameters_.values[i] = values_[i].data;
            parameters_.lengths[i] = static_cast<int>(values_[i].size);
        }
        result_ = connection_.run(prepared_name_, parameters_, sql_);
    } catch (const PostgresFailure& failure) {
        state_.spent = failure.kind() == FailureKind::lost || failure.kind() == FailureKind::again;
        throw;
    }
    state_.changes = std::strtoll(PQcmdTuples(result_.get()), nullptr, 10);
}

bool PostgresStatement::step() {
    if (!result_) execute();
    decoded_.clear();
    if (row_ + 1 >= PQntuples(result_.get())) {
        row_ = PQntuples(result_.get());
        return false;
    }
    ++row_;
    return true;
}

void PostgresStatement::reset() {
    result_.reset();
    row_ = -1;
    bound_ = 0;
    decoded_.clear();
}

bool PostgresStatement::null_at(int column) const {
    return PQgetisnull(result_.get(), row_, column) == 1;
}

std::int64_t PostgresStatement::int_at(int column) const {
    const char* text = PQgetvalue(result_.get(), row_, column);
    if (*text == 't') return 1;  // a boolean
    return std::strtoll(text, nullptr, 10);
}

double PostgresStatement::real_at(int column) const {
    return std::strtod(PQgetvalue(result_.get(), row_, column), nullptr);
}

std::string_view PostgresStatement::text_at(int column) const {
    const char* text = PQgetvalue(result_.get(), row_, column);
    const int size = PQgetlength(result_.get(), row_, column);
    if (PQftype(result_.get(), column) != bytea) return {text, static_cast<std::size_t>(size)};
    if (decoded_.empty()) decoded_.resize(static_cast<std::size_t>(PQnfields(result_.get())));
    auto& bytes = decoded_[static_cast<std::size_t>(column)];
    bytes = unhex(text, size);
    return bytes;
}

}  // namespace hongyan::postgres
