// The path that defines the others, in plain C++, for any processor.
#include <cstring>

#include "kernels.h"
#include "lanes_portable.h"

namespace digitlab {
namespace {

constexpr int DENSE_OUTPUTS = 2, DENSE_VECTORS = 1, LOGITS = 2;
constexpr Digits FIRST = BYTES;

// Digits of 64 integers to one row of tiles of A, which are `next` bytes apart. They are balanced (-128..127):
// adding 128 to each makes them plain bytes, with all carries done; taking it off again flips the top bit.
inline void spread(int8_t* out, int row, const int32_t* q, Digits digits, ptrdiff_t next) {
    for (int i = 0; i < DEPTH; ++i) {
        const uint32_t bytes = (static_cast<uint32_t>(q[i]) + 0x80808080u) ^ 0x80808080u;
        for (int d = 0; d < digits.count; ++d) out[d * next + row * DEPTH + place_of_byte(i)] = static_cast<int8_t>(bytes >> (8 * d) & 255);
    }
}

// Four vectors of integers, by their bytes: out[d][lane][4i + s] is byte d of integer 4 lane + s of vector i.
inline void turn_quads(uint8_t out[4][4][TILE], const I x[4]) {
    for (int i = 0; i < 4; ++i)
        for (int p = 0; p < LANES; ++p)
            for (int d = 0; d < 4; ++d) out[d][p / 4][4 * i + p % 4] = static_cast<uint8_t>(x[i].at[p] >> (8 * d) & 255);
}

void turn_pixels(uint8_t* out, ptrdiff_t out_column, uint8_t* used, ptrdiff_t used_column, const uint8_t* in,
                 ptrdiff_t in_column, int pixel_tiles) {
    for (int tile = 0; tile < pixel_tiles; ++tile) {
        uint8_t any = 0;
        for (int sample = 0; sample < DEPTH; ++sample)
            for (int pixel = 0; pixel < TILE; ++pixel) {
                const int column = tile * TILE + pixel, place = place_of_byte(column % DEPTH);
                const uint8_t value = in[sample / TILE * in_column * B_TILE + column / DEPTH * B_TILE + place / 4 * DEPTH +
                                         sample % TILE * 4 + place % 4];
                const int to = place_of_byte(sample);
                out[tile * out_column * B_TILE + to / 4 * DEPTH + pixel * 4 + to % 4] = value;
                any |= value;
            }
        used[tile * used_column] = any != 0;
    }
}

void multiply_tiles(int32_t* C, const int8_t* A, const uint8_t* B) {
    for (int quad = 0; quad < TILE; ++quad)
        for (int row = 0; row < TILE; ++row)
            for (int column = 0; column < TILE; ++column)
                for (int byte = 0; byte < 4; ++byte)
                    C[row * TILE + column] += A[row * DEPTH + quad * 4 + byte] * B[quad * DEPTH + column * 4 + byte];
}

void product(const Product& p) {
    for (int row = 0; row < p.rows; ++row)
        for (int column = 0; column < p.columns; ++column) {
            int32_t* C = p.C + (row * p.C_row + column) * C_TILE;
            if (!p.add) std::memset(C, 0, C_TILE * sizeof *C);
            for (int k = 0; k < p.depth; ++k)
                if (!p.B_used || p.B_used[column * p.used_column + k])
                    multiply_tiles(C, p.A + (row * p.A_row + k) * A_TILE, p.B + (column * p.B_column + k) * B_TILE);
        }
}

}  // namespace
}  // namespace digitlab

#include "kernels.inc"

DIGITLAB_KERNELS(portable, nothing, nothing);
