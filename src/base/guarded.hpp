// Guarded<T>: data married to its mutex, so that it cannot be touched unlocked:
//     auto state = guarded.lock();  state->count += 1;
// No lock may be held across a call to outside.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace hongyan {

template <class T>
class Guarded {
  public:
    template <class... Args>
    explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}

    class Access {
      public:
        explicit Access(Guarded& owner) : lock_(owner.mutex_), value_(owner.value_) {}
        T* operator->() { return &value_; }
        T& operator*() { return value_; }
        /// The lock, for std::condition_variable.
        [[nodiscard]] std::unique_lock<std::mutex>& lock() { return lock_; }

      private:
        std::unique_lock<std::mutex> lock_;
        T& value_;
    };
    [[nodiscard]] Access lock() { return Access(*this); }

  private:
    std::mutex mutex_;
    T value_;
};

}  // namespace hongyan
