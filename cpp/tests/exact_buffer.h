// Included before every source of the tests: Buffer, but with not a byte more than was asked for.
//
// Under a sanitizer it is a plain allocation, which AddressSanitizer surrounds with zones that may not be touched.
// Else its end (rounded up to a cache line, as it is read in whole vectors) is the end of a page, and the pages before
// and after it are closed: touching them ends the program, whichever instruction does it.
#pragma once

#define Buffer RoundedBuffer
#include "../buffer.h"
#undef Buffer

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace digitlab {

template <typename T>
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(size_t count) : size_(count) {
        const size_t bytes = count * sizeof(T);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        void* memory = nullptr;
        if (posix_memalign(&memory, 64, bytes) != 0) throw std::bad_alloc();
        data_ = static_cast<T*>(memory);
#else
        const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE)), rounded = (bytes + 63) / 64 * 64;
        mapped_ = (rounded + page - 1) / page * page + 2 * page;
        void* memory = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        base_ = static_cast<char*>(memory);
        if (mprotect(base_ + page, mapped_ - 2 * page, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
        data_ = reinterpret_cast<T*>(base_ + mapped_ - page - rounded);
#endif
        if (bytes) std::memset(static_cast<void*>(data_), 0, bytes);
    }
    Buffer(Buffer&& other) noexcept { *this = std::move(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_), std::swap(base_, other.base_);
        std::swap(mapped_, other.mapped_), std::swap(size_, other.size_);
        return *this;
    }
    ~Buffer() {
        if (base_) munmap(base_, mapped_);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        std::free(data_);
#endif
    }

    T* data() { return data_; }
    const T* data() const { return data_; }
    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

  private:
    T* data_ = nullptr;
    char* base_ = nullptr;
    size_t mapped_ = 0, size_ = 0;
};

}  // namespace digitlab
