// What the tests share: CHECK, random numbers that are the same in every run, and the paths to be compared.
#pragma once

#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "session.h"

namespace digitlab::tests {

inline int checks = 0, failures = 0;

#define CHECK(condition, ...)                                                   \
    do {                                                                        \
        ++digitlab::tests::checks;                                              \
        if (!(condition)) {                                                     \
            ++digitlab::tests::failures;                                        \
            std::printf("%s:%d: not so: %s: ", __FILE__, __LINE__, #condition); \
            std::printf(__VA_ARGS__);                                           \
            std::printf("\n");                                                  \
        }                                                                       \
    } while (false)

// Bit for bit: a NaN equals itself, and 0 does not equal -0.
template <typename Array>
bool same_bits(const Array& a, const Array& b) {
    return a.size() == b.size() && (a.size() == 0 || std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0);
}

template <typename... Arrays>
bool same_bits(const std::tuple<Arrays...>& a, const std::tuple<Arrays...>& b) {
    return [&]<size_t... i>(std::index_sequence<i...>) {
        return (same_bits(std::get<i>(a), std::get<i>(b)) && ...);
    }(std::index_sequence_for<Arrays...>());
}

enum class Look { dark, full, noise, digits };  // of pictures: digits have a dark rim, and strokes

constexpr Look LOOKS[] = {Look::dark, Look::full, Look::noise, Look::digits};

class Chance {
  public:
    explicit Chance(unsigned seed) : generator_(seed) {}
    uint64_t word() { return uint64_t{generator_()} << 32 | generator_(); }
    int below(int limit) { return static_cast<int>(generator_() % static_cast<unsigned>(limit)); }
    int between(int low, int high) { return low + below(high - low + 1); }
    bool once_in(int n) { return below(n) == 0; }
    template <typename T>
    const T& one_of(const std::vector<T>& all) { return all[below(static_cast<int>(all.size()))]; }

    template <typename Number = float>
    Buffer<Number> numbers(size_t count, float deviation) {
        std::normal_distribution<Number> normal(0, deviation);
        Buffer<Number> out(count);
        for (size_t i = 0; i < count; ++i) out[i] = once_in(10) ? 0 : normal(generator_);
        return out;
    }
    Buffer<uint8_t> labels(int count, int classes) {
        Buffer<uint8_t> out(count);
        for (int i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(below(std::min(classes, 256)));
        return out;
    }
    Buffer<uint8_t> pictures(int count, Look look) {
        Buffer<uint8_t> out(static_cast<size_t>(count) * PIXELS);
        for (size_t i = 0; i < out.size(); ++i) {
            const int column = i % PIXELS % 28, row = i % PIXELS / 28;
            const bool lit = look == Look::noise ? once_in(2) : column > 4 && column < 23 && row > 3 && row < 24 && once_in(3);
            out[i] = look == Look::dark ? 0 : look == Look::full ? 255 : lit ? static_cast<uint8_t>(below(256)) : 0;
        }
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

inline const Kernels& portable() { return find_kernels("portable"); }

// All paths of this processor but the portable one, which they are compared with.
inline std::vector<const Kernels*> other_paths() {
    std::vector<const Kernels*> found;
    for (const std::string& name : available_paths())
        if (name != "portable") found.push_back(&find_kernels(name));
    return found;
}

// What the portable path's work returns, once all others' was seen to be the same.
template <typename Work>
auto on_all_paths(const std::string& what, Work work) {
    auto expected = work(portable());
    for (const Kernels* path : other_paths()) CHECK(same_bits(expected, work(*path)), "%s: %s", path->name, what.c_str());
    return expected;
}

void test_lists();
void test_kernels();
void test_regularization();
void test_sessions();
void test_distort();

}  // namespace digitlab::tests
