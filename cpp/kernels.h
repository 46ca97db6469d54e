// What is computed, as a table of functions, one for each path. path.cpp has them; it is compiled for each path once.
//
// All paths give the same bits: a vector runs over units, each unit's sum has one order, and what is fused is fused everywhere.
#pragma once

#include "lists.h"

namespace digitlab {

struct Loss {
    double total = 0;  // a multiple of 2^-24
    int64_t hits = 0;

    void operator+=(const Loss& other) { total += other.total, hits += other.hits; }
};

// out[m][n] = start[n] + sum over k, in order, of A[m * A_row + k] * B[k][n], for some columns n.
template <typename Number>
struct Product {
    Number* out;
    ptrdiff_t out_row;
    const float* A;
    ptrdiff_t A_row;
    const float* B;
    ptrdiff_t B_row;
    const float* start;  // or null for 0
    int rows, inner;
    Range columns;
};

// What becomes of the gradient of a row of parameters: it is added to sums, or a step is taken with its mean at once.
struct Target {
    ptrdiff_t stride;             // from row to row, of all these; the first layer has places of its own
    double* sums = nullptr;   // either this
    float* parameters = nullptr;  // or these
    float* memory[MOST_MEMORY] = {};
    const Rule* rule = nullptr;
    const Step* step = nullptr;
    double samples = 1;
};

// The gradient of some rows and columns of a matrix, for some samples, a block after the other.
struct Gradient {
    const Lists* lists;  // of each block; of the first layer only
    const float* inputs;     // [samples][inputs_row], of the other layers
    ptrdiff_t inputs_row;
    const float* delta;      // [samples][delta_row]
    ptrdiff_t delta_row;
    int samples;
    Range rows, columns;
    double round;  // a number so large that adding it rounds a block's sum to the grid; 0: no grid
};

// What becomes of one picture: src/digitlab/training/augment.py draws it, within bounds that leave room in 32 bits.
struct Drawn {
    uint64_t field_key, noise_key;  // of random numbers
    int32_t thickness;              // by how much strokes become thicker, in 1/256 pixel
    int32_t map[2][3];              // the row and the column that a pixel comes from: times (row, column, 1), in 2^-16 pixel
    int32_t top, left, side;        // of a square of paper, within the picture
};

// What all pictures have in common.
struct Distortion {
    const float* smoothing;  // [28][32]: a Gaussian's whole numbers, symmetric; only read where the next is not 0
    float strength;          // what makes 1/256 pixel of smoothed fields
    int32_t noise;           // in 2^-16 of a random byte's distance from the middle
};

struct Kernels {
    const char* name;

    // z of the first layer, for the samples of a block.
    void (*first_layer)(float* z, ptrdiff_t z_row, const Lists&, const float* W, Range columns);
    void (*product)(const Product<float>&);
    void (*logits)(const Product<double>&);
    void (*activate)(Activation::Kind, float* a, const float* z, ptrdiff_t row, int samples, Range columns);
    // delta *= f'(z)
    void (*slope)(Activation::Kind, float* delta, ptrdiff_t delta_row, const float* z, const float* a, ptrdiff_t row,
                  int samples, Range columns);
    // delta *= by
    void (*multiply)(float* delta, ptrdiff_t delta_row, const float* by, ptrdiff_t by_row, int samples, Range columns);
    // After `activate`, of a hidden layer with dropout: z to f'(z), and this and a times 0 or the scale. keys: of the samples.
    void (*drop)(Activation::Kind, float* a, float* z, ptrdiff_t row, const uint64_t* keys, int layer, const Regularization&,
                 int samples, Range columns);
    // delta /= 255, as the first layer's inputs are bytes; to whole multiples of 1 / factor, where there is one.
    void (*to_grid)(float* delta, ptrdiff_t row, const float* factor, int samples, Range columns);
    // Logits to delta = p - y, with the labels smoothed; adds the loss of the samples. room: [classes][16].
    void (*softmax)(float* delta, ptrdiff_t row, const double* logits, ptrdiff_t logits_row, int classes,
                    const uint8_t* labels, double smoothing, int samples, double* room, Loss&);
    // These return whether all parameters are finite still.
    bool (*first_gradient)(const Gradient&, const Target&);
    bool (*gradient)(const Gradient&, const Target&);
    // out[j][i] = in[i][j], for some rows i of `in`
    void (*transpose)(float* out, ptrdiff_t out_row, const float* in, ptrdiff_t in_row, Range rows, int columns);
    // Shrinks the columns of W, [rows][row], whose 2-norm is larger than `most`.
    void (*limit)(float* W, ptrdiff_t row, int rows, Range columns, double most);
    // For each column, the sum of |W| of the first layer, its bias included.
    void (*reach)(float* out, const float* W, Range columns);
    // One picture.
    void (*distort)(uint8_t* out, const uint8_t* in, const Drawn&, const Distortion&);
};

// Some pictures, by some threads.
void distort(const Kernels&, uint8_t* out, const uint8_t* in, const Drawn*, int count, const Distortion&, int threads);

const Kernels& find_kernels(const std::string& path);
std::vector<std::string> available_paths();  // those that this processor can take, the best first

}  // namespace digitlab
