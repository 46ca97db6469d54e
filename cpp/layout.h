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

constexpr int WEIGHT_DIGITS = 3;  // bytes of a weight
constexpr int DELTA_DIGITS = 4;   // bytes of a delta, and of an activation
constexpr int FIRST_SUMS = 4;     // tiles of C of the first layer's gradient: they count 1, 2^8, 2^16, 2^24
constexpr int UPPER_SUMS = 5;     // of the others': from 2^16 on (what counts less is left out)

constexpr int FEW = 256;          // samples: 255 * 128 * 257 * 256 is still an int32

constexpr float WEIGHT_LIMIT = 8355000.0f;  // the largest weight as an integer: 127.5 * 2^16, less some headroom
constexpr int DELTA_BITS = 28;              // |delta| on its grid is at most 2^28: 8 + 28 bits + 2^17 samples fill a float64
constexpr int BOUNDED_BITS = 24;    // an activation within -1..1; 28 + 24 - 16 bits and 2^17 samples fill a float64, too
constexpr int UNBOUNDED_BITS = 30;  // one whose bound is far above what it ever is

// Groups of four bytes ("quads") change places in a tile, in A and B alike, so that packing is cheap on AVX-512:
// the quad number 4i + l stands in row 4l + i.
constexpr int row_of_quad(int quad) { return (quad % 4) * 4 + quad / 4; }
constexpr int place_of_byte(int column) { return 4 * row_of_quad(column / 4) + column % 4; }

constexpr int round_up(int value, int step) { return (value + step - 1) / step * step; }
constexpr int tiles(int value, int size) { return (value + size - 1) / size; }

}  // namespace digitlab
