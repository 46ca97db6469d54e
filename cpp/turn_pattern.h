// A byte shuffle that packing needs again and again, on x86.
#pragma once

#include <immintrin.h>

namespace digitlab {
namespace {

// 4 integers x 4 bytes in 16 bytes, turned: byte d of integer s goes to place 4d + s.
inline __m128i turn_pattern() { return _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15); }

}  // namespace
}  // namespace digitlab
