// One transaction's worth of the committer: what it took, and what applying it found. Private to
// committer*.cpp.
#pragma once

#include "base/assert.hpp"
#include "delivery/committer.hpp"

namespace hongyan::delivery {

struct Committer::Round {
    std::vector<Accept> accepts;
    std::vector<Settled> settled;
    std::vector<Control> controls;
    std::unique_ptr<Batch> batch;
    std::size_t chunk_begin = 0;
    std::size_t chunk_end = 0;
    // Found by apply(), made anew if the transaction is tried again:
    std::vector<std::unique_ptr<Result<Accepted>>> answers;  ///< null: accepted now
    std::vector<bool> legal;
    Counts counts;

    [[nodiscard]] bool empty() const {
        return accepts.empty() && settled.empty() && controls.empty() && !batch;
    }
    void clear() {
        accepts.clear();
        settled.clear();
        controls.clear();
        batch.reset();
        answers.clear();
        legal.clear();
        counts = {};
    }
};

/// The answer to what comes when the committer is full or has stopped.
[[nodiscard]] inline Error refusal(std::string_view what) {
    auto error = make_error(ErrorCode::overloaded, "Too many " + std::string(what) +
                                                       " wait to be written, or the server stops.");
    error.retry_after = Millis(1'000);
    return error;
}

}  // namespace hongyan::delivery
