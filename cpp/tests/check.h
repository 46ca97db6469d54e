// What the tests share: CHECK, random numbers that are the same in every run, and the paths to be compared.
#pragma once

#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "session.h"

namespace digitlab::tests {

inline int checks = 0, failures = 0;

#define CHECK(condition, ...)                                                \
    do {                                                                     \
        ++digitlab::tests::checks;                                           \
        if (!(condition)) {                                                  \
            ++digitlab::tests::failures;                                     \
            std::printf("%s:%d: not so: %s: ", __FILE__, __LINE__, #condition); \
            std::printf(__VA_ARGS__);                                        \
            std::printf("\n");                                               \
        }                                                                    \
    } while (false)

// Bit for bit: a NaN equals itself, and 0 does not equal -0.
template <typename Array>
bool same_bits(const Array& a, const Array& b) {
    return a.size() == b.size() && (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0);
}

class Chance {
  public:
    explicit Chance(unsigned seed) : generator_(seed) {}
    int below(int limit) { return static_cast<int>(generator_() % static_cast<unsigned>(limit)); }
    int between(int low, int high) { return low + below(high - low + 1); }
    bool once_in(int n) { return below(n) == 0; }
    float normal(float deviation) { return std::normal_distribution<float>(0, deviation)(generator_); }

    Buffer<float> floats(size_t count, float deviation) {
        Buffer<float> out(count);
        for (size_t i = 0; i < count; ++i) out[i] = once_in(10) ? 0.0f : normal(deviation);
        return out;
    }
    template <typename Byte>
    Buffer<Byte> bytes(size_t count) {
        Buffer<Byte> out(count);
        for (size_t i = 0; i < count; ++i) out[i] = static_cast<Byte>(generator_());
        return out;
    }

  private:
    std::mt19937 generator_;
};

template <typename T>
Buffer<T> copy(const Buffer<T>& from) {
    Buffer<T> to(from.size());
    if (from.size()) std::memcpy(to.data(), from.data(), from.size() * sizeof(T));
    return to;
}

// All paths of this processor but the portable one, which they are compared with.
inline std::vector<const Kernels*> other_paths() {
    std::vector<const Kernels*> found;
    for (const std::string& name : available_paths())
        if (name != "portable") found.push_back(&find_kernels(name));
    return found;
}

void test_products(const Kernels& path);
void test_kernels(const Kernels& path);
void test_sessions(const std::string& path);

}  // namespace digitlab::tests
