// The path for processors with AVX2 and FMA (2013 and later). `vpmaddubsw` saturates, so bytes are widened first.
#include <cstring>

#include "kernels.h"
#include "lanes_avx2.h"
#include "turn_pattern.h"

namespace digitlab {
namespace {

constexpr int DENSE_OUTPUTS = 5, DENSE_VECTORS = 1;

inline void spread_digits(int8_t* out, const int32_t* q, int digits, ptrdiff_t next) {
    const __m128i flip = _mm_set1_epi32(static_cast<int32_t>(0x80808080u));
    for (int quad = 0; quad < DEPTH / 4; ++quad) {
        const __m128i x = _mm_load_si128(reinterpret_cast<const __m128i*>(q + quad * 4));
        alignas(16) int32_t by_digit[4];
        _mm_store_si128(reinterpret_cast<__m128i*>(by_digit),
                        _mm_shuffle_epi8(_mm_xor_si128(_mm_add_epi32(x, flip), flip), turn_pattern()));
        for (int d = 0; d < digits; ++d) std::memcpy(out + d * next + row_of_quad(quad) * 4, &by_digit[d], 4);
    }
}

void turn_pixels(uint8_t* out, ptrdiff_t out_column, uint8_t* used, ptrdiff_t used_column, const uint8_t* in,
                 ptrdiff_t in_column, int, int pixel_tiles) {
    const __m128i pattern = turn_pattern();
    for (int tile = 0; tile < pixel_tiles; ++tile) {
        uint8_t* to = out + tile * out_column * B_TILE;
        __m128i any = _mm_setzero_si128();
        for (int i = 0; i < 4; ++i)          // which 16 of the 64 samples
            for (int quad = 0; quad < 4; ++quad) {  // which 4 of the 16 pixels
                const uint8_t* from = in + (i * in_column + tile / 4) * B_TILE + row_of_quad(tile % 4 * 4 + quad) * DEPTH;
                for (int lane = 0; lane < 4; ++lane) {  // which 4 of the 16 samples
                    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + lane * 16));
                    any = _mm_or_si128(any, x);
                    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + (4 * lane + i) * DEPTH + quad * 16),
                                     _mm_shuffle_epi8(x, pattern));
                }
            }
        used[tile * used_column] = !_mm_testz_si128(any, any);
    }
}

inline void turn_quads(uint8_t out[4][4][TILE], const I x[4]) {
    for (int i = 0; i < 4; ++i) {
        alignas(64) int32_t q[LANES];
        store(q, x[i]);
        for (int lane = 0; lane < 4; ++lane) {
            alignas(16) int32_t by_digit[4];
            const __m128i four = _mm_load_si128(reinterpret_cast<const __m128i*>(q) + lane);
            _mm_store_si128(reinterpret_cast<__m128i*>(by_digit), _mm_shuffle_epi8(four, turn_pattern()));
            for (int d = 0; d < 4; ++d) std::memcpy(&out[d][lane][4 * i], &by_digit[d], 4);
        }
    }
}

// Four rows of a tile of A as 16-bit numbers, in pairs: bytes 0 and 2, then bytes 1 and 3 of each quad.
struct Wide { int16_t at[TILE][4][4]; };  // quad, row, (even pair, odd pair)

inline void widen(Wide& out, const int8_t* A) {
    for (int row = 0; row < 4; ++row)
        for (int quad = 0; quad < TILE; ++quad) {
            const int8_t* four = A + row * DEPTH + quad * 4;
            int16_t* to = out.at[quad][row];
            to[0] = four[0], to[1] = four[2], to[2] = four[1], to[3] = four[3];
        }
}

inline __m256i both(const int16_t* pair) {
    int32_t value;
    std::memcpy(&value, pair, 4);
    return _mm256_set1_epi32(value);
}

// Four rows of C += A * B, for one tile of B.
inline void multiply_rows(int32_t* C, const Wide& A, const uint8_t* B) {
    __m256i sum[4][2];
    for (int row = 0; row < 4; ++row)
        for (int half = 0; half < 2; ++half)
            sum[row][half] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(C + row * TILE + half * 8));
    const __m256i low = _mm256_set1_epi16(255);
    for (int quad = 0; quad < TILE; ++quad) {
        const auto b = reinterpret_cast<const __m256i*>(B + quad * DEPTH);
        const __m256i b0 = _mm256_loadu_si256(b), b1 = _mm256_loadu_si256(b + 1);
        if (_mm256_testz_si256(_mm256_or_si256(b0, b1), _mm256_or_si256(b0, b1))) continue;  // 37 % of them for MNIST
        const __m256i even[2] = {_mm256_and_si256(b0, low), _mm256_and_si256(b1, low)};
        const __m256i odd[2] = {_mm256_srli_epi16(b0, 8), _mm256_srli_epi16(b1, 8)};
        for (int row = 0; row < 4; ++row) {
            const __m256i a = both(A.at[quad][row]), c = both(A.at[quad][row] + 2);
            for (int half = 0; half < 2; ++half) {
                sum[row][half] = _mm256_add_epi32(sum[row][half], _mm256_madd_epi16(a, even[half]));
                sum[row][half] = _mm256_add_epi32(sum[row][half], _mm256_madd_epi16(c, odd[half]));
            }
        }
    }
    for (int row = 0; row < 4; ++row)
        for (int half = 0; half < 2; ++half)
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(C + row * TILE + half * 8), sum[row][half]);
}

void byte_product(const Product& p) {
    for (int row = 0; row < p.rows; ++row) {
        if (!p.add)
            for (int column = 0; column < p.columns; ++column)
                std::memset(p.C + (row * p.C_row + column) * C_TILE, 0, C_TILE * sizeof *p.C);
        for (int k = 0; k < p.depth; ++k)
            for (int part = 0; part < TILE; part += 4) {
                Wide wide;
                widen(wide, p.A + (row * p.A_row + k) * A_TILE + part * DEPTH);
                for (int column = 0; column < p.columns; ++column)
                    if (!p.B_used || p.B_used[column * p.used_column + k])
                        multiply_rows(p.C + (row * p.C_row + column) * C_TILE + part * TILE, wide,
                                      p.B + (column * p.B_column + k) * B_TILE);
            }
    }
}

void nothing() {}

}  // namespace
}  // namespace digitlab

#include "kernels.inc"

const digitlab::Kernels digitlab::avx2_kernels = {"avx2", nothing, nothing, byte_product, DIGITLAB_COMMON_KERNELS};
