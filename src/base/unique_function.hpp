// UniqueFunction<R(Args...)>: a callable that is moved, never copied, so that it may own what it
// captures (C++23's move_only_function, which this compiler's C++20 mode lacks). Callables up to 48
// bytes live inside, larger ones on the heap. Calling an empty one is an assertion. Not thread-safe
// by itself.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "base/assert.hpp"

namespace hongyan {

template <class Signature>
class UniqueFunction;

template <class R, class... Args>
class UniqueFunction<R(Args...)> {
  public:
    UniqueFunction() = default;
    UniqueFunction(std::nullptr_t) {}  // NOLINT: implicit by design

    template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, UniqueFunction>>>
    UniqueFunction(F&& f) {  // NOLINT: implicit by design
        using Fn = std::decay_t<F>;
        if constexpr (fits<Fn>) {
            ::new (static_cast<void*>(buffer_)) Fn(std::forward<F>(f));
            table_ = &inline_table<Fn>;
        } else {
            ::new (static_cast<void*>(buffer_)) Fn*(new Fn(std::forward<F>(f)));
            table_ = &heap_table<Fn>;
        }
    }
    UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
    UniqueFunction& operator=(UniqueFunction&& other) noexcept {
        if (this != &other) {
            reset();
            take(other);
        }
        return *this;
    }
    UniqueFunction(const UniqueFunction&) = delete;
    UniqueFunction& operator=(const UniqueFunction&) = delete;
    ~UniqueFunction() { reset(); }

    explicit operator bool() const { return table_ != nullptr; }
    R operator()(Args... args) {
        HY_ASSERT(table_ != nullptr);
        return table_->call(buffer_, std::forward<Args>(args)...);
    }

  private:
    struct Table {
        R (*call)(void*, Args&&...);
        void (*move)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
    };
    static constexpr std::size_t capacity = 48;
    template <class Fn>
    static constexpr bool fits =
        sizeof(Fn) <= capacity &&
        alignof(Fn) <= alignof(std::max_align_t) && std::is_nothrow_move_constructible_v<Fn>;
    template <class Fn>
    static constexpr Table inline_table{
        [](void* at, Args&&... args) -> R {
            return (*static_cast<Fn*>(at))(std::forward<Args>(args)...);
        },
        [](void* from, void* to) noexcept {
            ::new (to) Fn(std::move(*static_cast<Fn*>(from)));
            static_cast<Fn*>(from)->~Fn();
        },
        [](void* at) noexcept { static_cast<Fn*>(at)->~Fn(); }};
    template <class Fn>
    static constexpr Table heap_table{
        [](void* at, Args&&... args) -> R {
            return (**static_cast<Fn**>(at))(std::forward<Args>(args)...);
        },
        [](void* from, void* to) noexcept { ::new (to) Fn*(*static_cast<Fn**>(from)); },
        [](void* at) noexcept { delete *static_cast<Fn**>(at); }};

    void take(UniqueFunction& other) noexcept {
        if (other.table_ == nullptr) return;
        other.table_->move(other.buffer_, buffer_);
        table_ = std::exchange(other.table_, nullptr);
    }
    void reset() noexcept {
        if (table_ != nullptr) std::exchange(table_, nullptr)->destroy(buffer_);
    }

    alignas(std::max_align_t) std::byte buffer_[capacity];
    const Table* table_ = nullptr;
};

}  // namespace hongyan
