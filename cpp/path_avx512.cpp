// The path for processors with AVX-512 and VNNI (2019 and later): `vpdpbusd` multiplies 64 pairs of bytes at once.
#include <cstring>

#include "kernels.h"
#include "shuffles_avx512.h"

namespace digitlab {
namespace {

inline __m512i four_bytes(const int8_t* A) {
    int32_t value;
    std::memcpy(&value, A, 4);
    return _mm512_set1_epi32(value);
}

// C (+)= A * B for one tile of C: its 16 rows stay in registers.
void one_tile(const Product& p, int row, int column) {
    int32_t* C = p.C + (row * p.C_row + column) * C_TILE;
    __m512i sum[TILE];
    for (int i = 0; i < TILE; ++i) sum[i] = p.add ? _mm512_loadu_si512(C + i * TILE) : _mm512_setzero_si512();
    for (int k = 0; k < p.depth; ++k) {
        if (p.B_used && !p.B_used[column * p.used_column + k]) continue;
        const int8_t* A = p.A + (row * p.A_row + k) * A_TILE;
        const uint8_t* B = p.B + (column * p.B_column + k) * B_TILE;
        for (int quad = 0; quad < TILE; ++quad) {
            const __m512i b = _mm512_loadu_si512(B + quad * DEPTH);
            if (!_mm512_test_epi32_mask(b, b)) continue;  // 37 % of them for MNIST
            for (int i = 0; i < TILE; ++i) sum[i] = _mm512_dpbusd_epi32(sum[i], b, four_bytes(A + i * DEPTH + quad * 4));
        }
    }
    for (int i = 0; i < TILE; ++i) _mm512_storeu_si512(C + i * TILE, sum[i]);
}

void byte_product(const Product& p) {
    for (int row = 0; row < p.rows; ++row)
        for (int column = 0; column < p.columns; ++column) one_tile(p, row, column);
}

void nothing() {}

}  // namespace
}  // namespace digitlab

#include "kernels.inc"

const digitlab::Kernels digitlab::avx512_kernels = {"avx512", nothing, nothing, byte_product, DIGITLAB_COMMON_KERNELS};
