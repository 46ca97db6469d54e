// Memory for arrays: aligned to a cache line, zero at first, freed by itself.
#pragma once

#include <cstddef>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace digitlab {

template <typename T>
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(size_t count) : size_(count) {
        constexpr size_t page = size_t{1} << 21;
        const size_t needed = count * sizeof(T) + 64, unit = needed < page ? 64 : page;
        const size_t bytes = (needed + unit - 1) / unit * unit;
        data_.reset(static_cast<T*>(std::aligned_alloc(unit, bytes)));
        if (!data_) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
        if (unit == page) madvise(data_.get(), bytes, MADV_HUGEPAGE);  // fewer look-ups of addresses
#endif
        std::memset(static_cast<void*>(data_.get()), 0, bytes);
    }
    T* data() { return data_.get(); }
    const T* data() const { return data_.get(); }
    T& operator[](size_t i) { return data_.get()[i]; }
    const T& operator[](size_t i) const { return data_.get()[i]; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

  private:
    struct Free {
        void operator()(T* p) const { std::free(p); }
    };
    std::unique_ptr<T, Free> data_;
    size_t size_ = 0;
};

}  // namespace digitlab
