// Random numbers that belong to samples: those of src/digitlab/engines/randomness.py, which says why.
#pragma once

#include <cstdint>

namespace digitlab {

enum Purpose : uint64_t { DROPOUT = 1, DISTORTION = 2 };

constexpr uint64_t word(uint64_t key, uint64_t place) {
    uint64_t z = key + (place + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

}  // namespace digitlab
