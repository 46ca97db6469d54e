// Which instruction paths this processor, and this operating system, can take.
#include <stdexcept>

#include "kernels.h"

namespace digitlab {

extern const Kernels portable_kernels, avx2_kernels, avx512_kernels;  // path.cpp

#if defined(__x86_64__)

static bool has_avx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
}

static bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

#endif

// The best first.
static const std::vector<const Kernels*>& paths() {
    static const auto present = [] {
        std::vector<const Kernels*> found;
#if defined(__x86_64__)
        if (has_avx512()) found.push_back(&avx512_kernels);
        if (has_avx2()) found.push_back(&avx2_kernels);
#endif
        found.push_back(&portable_kernels);
        return found;
    }();
    return present;
}

const Kernels& find_kernels(const std::string& path) {
    for (const Kernels* kernels : paths())
        if (path == kernels->name) return *kernels;
    throw std::invalid_argument("this processor has no path " + path);
}

std::vector<std::string> available_paths() {
    std::vector<std::string> names;
    for (const Kernels* kernels : paths()) names.emplace_back(kernels->name);
    return names;
}

}  // namespace digitlab
