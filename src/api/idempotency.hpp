// IdempotencyGate: which Idempotency-Keys have a request under way at this moment, so that a second
// one is told to come back (409) instead of being done twice. What was answered is kept by the
// store. Safe from every thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "base/result.hpp"
#include "http/message.hpp"
#include "model/records.hpp"

namespace hongyan::api {

class IdempotencyGate {
  public:
    /// Holds the place of one key; gives it up when destroyed.
    class Place {
      public:
        Place(IdempotencyGate& gate, std::string name) : gate_(&gate), name_(std::move(name)) {}
        Place(Place&& other) noexcept
            : gate_(std::exchange(other.gate_, nullptr)), name_(std::move(other.name_)) {}
        Place& operator=(Place&&) = delete;
        ~Place();

      private:
        IdempotencyGate* gate_;
        std::string name_;
    };

    /// Null while another request holds the key. shared_ptr because the place travels inside a
    /// copied completion.
    [[nodiscard]] std::shared_ptr<Place> enter(const IdempotencyRecord& record);

  private:
    std::mutex mutex_;
    std::unordered_set<std::string> names_;  ///< under mutex_
};

/// The request's key, if it has one. Errors: bad_request for a key that is empty, longer than 255
/// or not printable ASCII.
[[nodiscard]] Result<std::optional<std::string>> idempotency_key(const http::Request& request);

}  // namespace hongyan::api
