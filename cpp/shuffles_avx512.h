// Bytes to their places with the shuffles of AVX-512. For the paths avx512 and amx.
#pragma once

#include "lanes_avx512.h"

namespace digitlab {
namespace {

constexpr int DENSE_OUTPUTS = 5, DENSE_VECTORS = 4, LOGITS = 10;
constexpr Digits FIRST = BYTES;

inline __m512i turned(__m512i x) {  // in each lane
    return _mm512_shuffle_epi8(x, _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(TURNED))));
}

// Four vectors of 16 integers: x[d] then holds, lane by lane, byte d of 4 integers of each vector in turn.
inline void by_digit(__m512i x[4]) {
    for (int i = 0; i < 4; ++i) x[i] = turned(x[i]);
    turn_within_lanes(x);
}

// Digits of 64 integers to one row of tiles of A, which are `next` bytes apart.
inline void spread(int8_t* out, int row, const int32_t* q, Digits digits, ptrdiff_t next) {
    const __m512i flip = _mm512_set1_epi32(static_cast<int32_t>(0x80808080u));
    __m512i x[4];
    for (int i = 0; i < 4; ++i) x[i] = _mm512_xor_si512(_mm512_add_epi32(_mm512_load_si512(q + i * LANES), flip), flip);
    by_digit(x);
    for (int d = 0; d < digits.count; ++d) _mm512_storeu_si512(out + row * DEPTH + d * next, x[d]);
}

inline void turn_quads(uint8_t out[4][4][TILE], const I x[4]) {
    __m512i ready[4] = {x[0].v, x[1].v, x[2].v, x[3].v};
    by_digit(ready);
    for (int d = 0; d < 4; ++d) _mm512_store_si512(out[d], ready[d]);
}

void turn_pixels(uint8_t* out, ptrdiff_t out_column, uint8_t* used, ptrdiff_t used_column, const uint8_t* in,
                 ptrdiff_t in_column, int pixel_tiles) {
    for (int tile = 0; tile < pixel_tiles; ++tile) {
        uint8_t* to = out + tile * out_column * B_TILE;
        __m512i any = _mm512_setzero_si512();
        for (int i = 0; i < 4; ++i) {  // which 16 of the 64 samples
            const uint8_t* from = in + (i * in_column + tile / 4) * B_TILE;
            __m512i x[4];
            for (int quad = 0; quad < 4; ++quad) {  // which 4 of the 16 pixels
                x[quad] = _mm512_loadu_si512(from + row_of_quad(tile % 4 * 4 + quad) * DEPTH);
                any = _mm512_or_si512(any, x[quad]);
                x[quad] = turned(x[quad]);
            }
            turn_lanes(x[0], x[1], x[2], x[3]);
            for (int lane = 0; lane < 4; ++lane) _mm512_storeu_si512(to + (4 * lane + i) * DEPTH, x[lane]);
        }
        used[tile * used_column] = _mm512_test_epi32_mask(any, any) != 0;
    }
}

}  // namespace
}  // namespace digitlab
