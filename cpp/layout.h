// How bytes lie in memory, alike on every path. See docs/explanation/native-engine.md.
//
// One product does all the heavy work:  C (int32) += A (signed bytes) * B (unsigned bytes).
//
//   a tile of A   16 rows x 64 bytes, row by row
//   a tile of B   16 rows x 16 columns x 4 bytes: row r holds, for each column, the 4 bytes that meet bytes 4r..4r+3 of A
//   a tile of C   16 rows x 16 columns of int32
//
// These are the tiles of Intel's AMX; the other paths read them just as well.
#pragma once

#include <cstddef>
#include <cstdint>

namespace digitlab {

constexpr int LANES = 16;             // floats that are worked on at once
constexpr int TILE = 16;              // rows and columns of a tile
constexpr int DEPTH = 64;             // bytes in a row of a tile of A
constexpr int A_TILE = TILE * DEPTH;  // bytes
constexpr int B_TILE = TILE * DEPTH;  // bytes
constexpr int C_TILE = TILE * TILE;   // int32

// How a whole number is written: its digits are balanced around 0, each counts 2^bits times the one before it.
struct Digits {
    int count, bits;
    int bytes;  // that a digit takes up; a tile of A has that many times A_TILE bytes

    constexpr bool are_words() const { return bytes == 2; }
};

constexpr Digits BYTES{4, 8, 1}, WORDS{2, 14, 2};  // words where a product of them costs no more than one of bytes
constexpr int MOST_SUMMED_BYTES = 16384;  // samples: 4 products of at most 255 * 128 for each are still an int32
constexpr int MOST_SUMMED_WORDS = 512;    // one product of at most 255 * (2^14 + 1)
constexpr int MAX_BYTES = 4;   // that the digits of a number take up together
constexpr int UPPER_SUMS = 5;  // tiles of C of the upper layers' gradients: from 2^16 on (what counts less is left out)

constexpr int RUN = 8;  // products that are added up by themselves, in float32
constexpr int FEW = 256;          // samples: 255 * 128 * 257 * 256 is still an int32

constexpr int WEIGHT_BITS = 27;   // |weight| on its grid is below 2^27: 784 of them times 255 * 2^13 are an int32 in words
constexpr int DELTA_BITS = 28;              // |delta| on its grid is at most 2^28: 8 + 28 bits + 2^17 samples fill a float64
constexpr int OUTPUT_BITS = 30;  // an activation's
constexpr int EXACT_BITS = 24;   // that of one within -1..1 where any split must give the same: 28 + 24 - 16 bits and 2^17
                                 // samples fill a float64, too (and other activations are far below their bound)

// Groups of four bytes ("quads") change places in a tile, in A and B alike, so that packing is cheap on AVX-512:
// the quad number 4i + l stands in row 4l + i.
constexpr int row_of_quad(int quad) { return (quad % 4) * 4 + quad / 4; }
constexpr int place_of_byte(int column) { return 4 * row_of_quad(column / 4) + column % 4; }

// 4 integers x 4 bytes in 16 bytes, turned: byte d of integer s goes to place 4d + s.
alignas(16) constexpr int8_t TURNED[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};

constexpr int round_up(int value, int step) { return (value + step - 1) / step * step; }
constexpr int tiles(int value, int size) { return (value + size - 1) / size; }

}  // namespace digitlab
