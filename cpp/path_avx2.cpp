// The path for processors with AVX2 and FMA (2013 and later). `vpmaddubsw` saturates, so pixels are widened to words; the
// other factor may have digits as large as a word then, and so fewer of them.
#include <cstring>

#include "kernels.h"
#include "lanes_avx2.h"

namespace digitlab {
namespace {

constexpr int DENSE_OUTPUTS = 5, DENSE_VECTORS = 1, LOGITS = 2;
constexpr Digits FIRST = WORDS;

// A tile of A as words of 16 bits: [4 rows][quad][row of the 4][pair of bytes 0 and 2, pair of bytes 1 and 3].
struct Wide { int16_t at[4][TILE][4][4]; };

inline __m128i turned(__m128i x) { return _mm_shuffle_epi8(x, _mm_load_si128(reinterpret_cast<const __m128i*>(TURNED))); }

// A row of a tile of words: in the order of the product below, so that it need not widen them.
inline void spread_words(Wide& tile, int row, const int32_t* q, Digits digits, ptrdiff_t next) {
    const __m128i turn = _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
    const int rest = 32 - digits.bits;
    for (int quad = 0; quad < DEPTH / 4; ++quad) {
        const __m128i x = _mm_load_si128(reinterpret_cast<const __m128i*>(q + quad * 4));
        const __m128i low = _mm_srai_epi32(_mm_slli_epi32(x, rest), rest);
        const __m128i high = _mm_srai_epi32(_mm_sub_epi32(x, low), digits.bits);
        const __m128i both = _mm_shuffle_epi8(_mm_packs_epi32(low, high), turn);
        int16_t* out = tile.at[row / 4][row_of_quad(quad)][row % 4];
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out), both);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(out + next / 2), _mm_unpackhi_epi64(both, both));
    }
}

// Digits of 64 integers to one row of tiles of A, which are `next` bytes apart.
inline void spread(int8_t* out, int row, const int32_t* q, Digits digits, ptrdiff_t next) {
    if (digits.are_words()) return spread_words(*reinterpret_cast<Wide*>(out), row, q, digits, next);
    const __m128i flip = _mm_set1_epi32(static_cast<int32_t>(0x80808080u));
    for (int quad = 0; quad < DEPTH / 4; ++quad) {
        const __m128i x = _mm_load_si128(reinterpret_cast<const __m128i*>(q + quad * 4));
        alignas(16) int32_t by_digit[4];
        _mm_store_si128(reinterpret_cast<__m128i*>(by_digit), turned(_mm_xor_si128(_mm_add_epi32(x, flip), flip)));
        int8_t* to = out + row * DEPTH + row_of_quad(quad) * 4;
        for (int d = 0; d < digits.count; ++d) std::memcpy(to + d * next, &by_digit[d], 4);
    }
}

void turn_pixels(uint8_t* out, ptrdiff_t out_column, uint8_t* used, ptrdiff_t used_column, const uint8_t* in,
                 ptrdiff_t in_column, int pixel_tiles) {
    for (int tile = 0; tile < pixel_tiles; ++tile) {
        uint8_t* to = out + tile * out_column * B_TILE;
        __m128i any = _mm_setzero_si128();
        for (int i = 0; i < 4; ++i)          // which 16 of the 64 samples
            for (int quad = 0; quad < 4; ++quad) {  // which 4 of the 16 pixels
                const uint8_t* from = in + (i * in_column + tile / 4) * B_TILE + row_of_quad(tile % 4 * 4 + quad) * DEPTH;
                for (int lane = 0; lane < 4; ++lane) {  // which 4 of the 16 samples
                    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + lane * 16));
                    any = _mm_or_si128(any, x);
                    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + (4 * lane + i) * DEPTH + quad * 16), turned(x));
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
            _mm_store_si128(reinterpret_cast<__m128i*>(by_digit), turned(four));
            for (int d = 0; d < 4; ++d) std::memcpy(&out[d][lane][4 * i], &by_digit[d], 4);
        }
    }
}

inline void widen(Wide& out, const int8_t* A) {
    for (int row = 0; row < TILE; ++row)
        for (int quad = 0; quad < TILE; ++quad) {
            const int8_t* four = A + row * DEPTH + quad * 4;
            int16_t* to = out.at[row / 4][quad][row % 4];
            to[0] = four[0], to[1] = four[2], to[2] = four[1], to[3] = four[3];
        }
}

inline __m256i both(const int16_t* pair) {
    int32_t value;
    std::memcpy(&value, pair, 4);
    return _mm256_set1_epi32(value);
}

constexpr int DEPTH_AT_ONCE = 12;  // tiles: what is widened stays in the cache nearest to the core

// The quads of a column of B that are not all zeros (37 % are, for MNIST), as words.
struct Column {
    int count = 0;
    int number[DEPTH_AT_ONCE * TILE];
    __m256i even[DEPTH_AT_ONCE * TILE][2], odd[DEPTH_AT_ONCE * TILE][2];

    void add(const uint8_t* B, int tile) {
        const __m256i low = _mm256_set1_epi16(255);
        for (int quad = 0; quad < TILE; ++quad) {
            const auto b = reinterpret_cast<const __m256i*>(B + quad * DEPTH);
            const __m256i b0 = _mm256_loadu_si256(b), b1 = _mm256_loadu_si256(b + 1), any = _mm256_or_si256(b0, b1);
            even[count][0] = _mm256_and_si256(b0, low), even[count][1] = _mm256_and_si256(b1, low);
            odd[count][0] = _mm256_srli_epi16(b0, 8), odd[count][1] = _mm256_srli_epi16(b1, 8);
            number[count] = tile * TILE + quad;
            count += !_mm256_testz_si256(any, any);
        }
    }
};

// Four rows of C (+)= A * B.
inline void multiply_rows(int32_t* C, const Wide* A, int part, const Column& B, bool add) {
    __m256i sum[4][2];
    for (int row = 0; row < 4; ++row)
        for (int half = 0; half < 2; ++half)
            sum[row][half] = add ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(C + row * TILE + half * 8))
                                 : _mm256_setzero_si256();
    for (int i = 0; i < B.count; ++i) {
        const auto& a = A[B.number[i] / TILE].at[part][B.number[i] % TILE];
        for (int row = 0; row < 4; ++row) {
            const __m256i even = both(a[row]), odd = both(a[row] + 2);
            for (int half = 0; half < 2; ++half) {
                sum[row][half] = _mm256_add_epi32(sum[row][half], _mm256_madd_epi16(even, B.even[i][half]));
                sum[row][half] = _mm256_add_epi32(sum[row][half], _mm256_madd_epi16(odd, B.odd[i][half]));
            }
        }
    }
    for (int row = 0; row < 4; ++row)
        for (int half = 0; half < 2; ++half)
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(C + row * TILE + half * 8), sum[row][half]);
}

// Tiles `first` to `first` + `depth` of all rows and columns.
void some_depth(const Product& p, int first, int depth, bool add) {
    alignas(32) Wide widened[MAX_BYTES][DEPTH_AT_ONCE];
    const Wide* A[MAX_BYTES];
    for (int row = 0; row < p.rows; ++row) {
        A[row] = p.A_words ? reinterpret_cast<const Wide*>(p.A) + row * p.A_row + first : widened[row];
        for (int k = 0; !p.A_words && k < depth; ++k) widen(widened[row][k], p.A + (row * p.A_row + first + k) * A_TILE);
    }
    for (int column = 0; column < p.columns; ++column) {
        Column B;
        for (int k = 0; k < depth; ++k)
            if (!p.B_used || p.B_used[column * p.used_column + first + k])
                B.add(p.B + (column * p.B_column + first + k) * B_TILE, k);
        for (int row = 0; row < p.rows; ++row)
            for (int part = 0; part < 4; ++part)
                multiply_rows(p.C + (row * p.C_row + column) * C_TILE + part * 4 * TILE, A[row], part, B, add);
    }
}

void product(const Product& p) {
    for (int first = 0; first < p.depth; first += DEPTH_AT_ONCE)
        some_depth(p, first, p.depth - first < DEPTH_AT_ONCE ? p.depth - first : DEPTH_AT_ONCE, p.add || first > 0);
}

}  // namespace
}  // namespace digitlab

#include "kernels.inc"

DIGITLAB_KERNELS(avx2, nothing, nothing);
