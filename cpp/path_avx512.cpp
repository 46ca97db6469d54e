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

constexpr int DEPTH_AT_ONCE = 16;  // tiles

// The quads of a column of B that are not all zeros (37 % are, for MNIST): listed once, so that no branch has to guess.
struct Column {
    int count = 0;
    int tile[DEPTH_AT_ONCE * TILE + 1], quad[DEPTH_AT_ONCE * TILE + 1];

    void add(const uint8_t* B, int number) {
        for (int i = 0; i < TILE; ++i) {
            const __m512i b = _mm512_loadu_si512(B + i * DEPTH);
            tile[count] = number, quad[count] = i;
            count += _mm512_test_epi32_mask(b, b) != 0;
        }
    }
};

// C (+)= A * B for one tile of C: its 16 rows stay in registers.
void one_tile(int32_t* C, const int8_t* A, const uint8_t* B, const Column& used, bool add) {
    __m512i sum[TILE];
    for (int i = 0; i < TILE; ++i) sum[i] = add ? _mm512_loadu_si512(C + i * TILE) : _mm512_setzero_si512();
    for (int n = 0; n < used.count; ++n) {
        const __m512i b = _mm512_loadu_si512(B + used.tile[n] * B_TILE + used.quad[n] * DEPTH);
        const int8_t* a = A + used.tile[n] * A_TILE + used.quad[n] * 4;
        for (int i = 0; i < TILE; ++i) sum[i] = _mm512_dpbusd_epi32(sum[i], b, four_bytes(a + i * DEPTH));
    }
    for (int i = 0; i < TILE; ++i) _mm512_storeu_si512(C + i * TILE, sum[i]);
}

void product(const Product& p) {
    for (int first = 0; first < p.depth; first += DEPTH_AT_ONCE)
        for (int column = 0; column < p.columns; ++column) {
            Column used;
            for (int k = first; k < p.depth && k < first + DEPTH_AT_ONCE; ++k)
                if (!p.B_used || p.B_used[column * p.used_column + k]) used.add(p.B + (column * p.B_column + k) * B_TILE, k);
            for (int row = 0; row < p.rows; ++row)
                one_tile(p.C + (row * p.C_row + column) * C_TILE, p.A + row * p.A_row * A_TILE, p.B + column * p.B_column * B_TILE,
                         used, p.add || first > 0);
        }
}

}  // namespace
}  // namespace digitlab

#include "kernels.inc"

DIGITLAB_KERNELS(avx512, nothing, nothing);
