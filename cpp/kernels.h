// What a path (AMX, AVX-512, AVX2, portable) can do: a table of functions, filled in by path_*.cpp.
//
// All of them give the same bits. Vectors run over samples or pixels, never over what is summed in floating point;
// every multiply-add that is fused is fused on every path.
#pragma once

#include "layout.h"
#include "names.h"

namespace digitlab {

// C[r][c] (+)= sum over k of A[r][k] * B[c][k], all in tiles; *_row and so on are strides, in tiles.
struct Product {
    int32_t* C;
    const int8_t* A;
    bool A_words;  // whether A holds words rather than bytes: as in `Kernels::digits`
    const uint8_t* B;
    int rows, columns, depth;
    ptrdiff_t C_row, A_row, B_column;
    const uint8_t* B_used;  // for each tile of B (c * used_column + k): 0 where it is all zeros; or null
    ptrdiff_t used_column;
    bool add;
    const uint8_t* soon;  // what will be read next, to be fetched from memory meanwhile; or null
    ptrdiff_t soon_bytes;
};

// out[m][n] = start[m] + sum over k, in order, of W[m][k] * in[k][n]; all float32.
struct Dense {
    float* out;
    const float* W;
    const float* start;  // or null for 0
    const float* in;
    int outputs, inner, samples;      // samples: a multiple of LANES
    ptrdiff_t W_output, W_inner;      // strides of W
    ptrdiff_t stride;                 // of out and in, from row to row
};

// One row of integer sums as real ones: sum[p] = (sum over i of 2^(bits i) C_i[p] - offset) * scale * column_scale[p].
// All of it is exact: integers, and scales that are powers of two.
struct Collect {
    const int32_t* C;
    ptrdiff_t C_row;  // from C_i to C_i+1, in tiles
    int sums;         // how many C_i: those of `Kernels::digits`, without an offset, or UPPER_SUMS
    bool few;         // whether they are sums over at most FEW samples
    int row, count;   // which of the 16 rows; how many columns
    int64_t offset;
    double scale;
    const double* column_scale;
    double samples;
};

struct Loss {
    double total = 0;  // a multiple of 2^-24
    int64_t hits = 0;

    void operator+=(const Loss& other) { total += other.total, hits += other.hits; }
};

struct Packing {
    Digits digits;
    int depth;
    // Of factor/255 rather than factor: for delta, where the inputs are 255 times too large, as bytes for 0..1.
    bool by_255;
};

struct Kernels {
    const char* name;
    void (*begin)();  // what a thread does before a series of products, and after it
    void (*end)();

    Digits digits;    // of the first layer's weights and deltas, as this path wants them; upper layers have BYTES
    int most_summed;  // samples, before an int32 could overflow

    void (*product)(const Product&);

    // The largest |x| of a row; infinite where any is not finite.
    float (*largest)(const float* row, int count);
    // Of the integers round(x * factor): the sum of those above 0, or of those below, whichever is larger. In any order.
    int64_t (*one_sided_sum)(const float* row, int count, float factor);
    // Row `row` (0..15) of tiles of A: digits of round(x * factor), lowest digit first.
    // Tile k of digit d is at out + (d * depth + k) * A_TILE * bytes.
    void (*pack_row)(int8_t* out, int row, const float* x, int count, float factor, const Packing&);
    // Columns `column` to `column` + 3 (of 16) of tiles of B, from 4 rows: digits of round(x * factor) + 2^31. Tile k of
    // digit d is at out + d * digit + k * B_TILE.
    void (*pack_columns)(uint8_t* out, ptrdiff_t digit, int column, const float* x, ptrdiff_t stride, int count,
                         const float* factors);
    // Pixels in tiles of B for the forward pass, to tiles for the backward pass: 64 samples, `quads` quads of pixels.
    void (*turn_pixels)(uint8_t* out, ptrdiff_t out_column, uint8_t* used, ptrdiff_t used_column, const uint8_t* in,
                        ptrdiff_t in_column, int pixel_tiles);
    // 16 rows of bytes to tiles of B: sample s is at rows[s], or null for zeros.
    void (*pack_samples)(uint8_t* out, uint8_t* used, const uint8_t* const* rows, int depth);

    // z = scale * (C0 + 2^bits C1 + ...) + b for some units; C: [digit][column tile]; scale in two parts, for its last bits
    void (*first_layer)(float* z, ptrdiff_t stride, const int32_t* C, ptrdiff_t C_row, int column_tiles, int units,
                        const float* scale, const float* scale_rest, const float* b);
    void (*dense)(const Dense&);
    void (*logits)(const Dense&, double* out);  // the same in float64, for a last layer
    void (*activate)(Activation::Kind, float* a, const float* z, int count);
    // delta *= f'(z); z is read only where the activation needs it.
    void (*slope)(Activation::Kind, float* delta, const float* z, const float* a, int count);
    // Logits (which it overwrites) to delta; adds the loss of `samples` samples.
    void (*softmax)(float* delta, double* logits, ptrdiff_t stride, int classes, const uint8_t* labels, int samples, Loss&);

    void (*collect)(double* out, const Collect&);      // adds the sums to `out`
    void (*collect_mean)(float* out, const Collect&);  // sums / samples, rounded once to float32
    void (*step)(Rule::Kind, const Step&, float* parameters, float* const* memory, const float* gradient, int count);
};

inline void nothing() {}

// While it lives, the thread may call `product`.
struct ProductsAllowed {
    const Kernels& kernels;
    explicit ProductsAllowed(const Kernels& k) : kernels(k) { kernels.begin(); }
    ~ProductsAllowed() { kernels.end(); }
};

extern const Kernels portable_kernels;
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
extern const Kernels amx_kernels;

}  // namespace digitlab
