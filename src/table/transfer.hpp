// Transfer: moves an embedded installation into PostgreSQL, table by table, in steps that can be
// repeated, and compares every row afterwards. The source is only read and must be at rest; the
// target has this program's schema and no messages of its own. A transfer that was cut off goes on
// where it was. Waiting messages come over as belonging to no node, so that the first node that
// starts takes them over. Used by one thread; blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "contract/store.hpp"

namespace hongyan::table {

struct TransferColumn {
    enum class Kind { number, real, text, blob };
    std::string name;
    Kind kind = Kind::text;
};

struct TransferTable {
    std::string name;
    std::vector<TransferColumn> columns;
    std::vector<std::size_t> key;  ///< places of the primary key in columns
    std::int64_t rows = 0;         ///< in the source
    std::int64_t copied = 0;       ///< in this run and before
    std::int64_t different = 0;    ///< rows that are missing or not the same, after verify()
    std::string first_difference;  ///< "column of key"
    std::int64_t mended =
        0;  ///< rows with text that PostgreSQL cannot hold; U+FFFD is in its place
};

class Transfer {
  public:
    using Watcher = std::function<void(const TransferTable&)>;
    Transfer(Store& from, Store& to) : from_(from), to_(to) {}

    /// Reads what there is. Errors: conflict (the target has messages, tasks or nodes of its own,
    /// and no transfer began it), storage_failed (schemas differ).
    Status prepare(bool verify_only);
    /// Copies what is not there yet; watch is called after each step.
    Status copy(const Watcher& watch);
    /// Compares each row of the source with the target's, and the counts.
    Status verify(const Watcher& watch);
    [[nodiscard]] const std::vector<TransferTable>& tables() const { return tables_; }
    [[nodiscard]] std::int64_t differences() const;

  private:
    Status read_tables();
    Status begin();
    Status make_partitions();
    Status copy_table(TransferTable& table, const Watcher& watch);
    Status verify_table(TransferTable& table, const Watcher& watch);
    Status finish();

    Store& from_;
    Store& to_;
    std::vector<TransferTable> tables_;
    bool resumed_ = false;
};

}  // namespace hongyan::table
