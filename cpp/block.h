// Some samples on their way through the network and back: forward, loss, backward, and the sums of the gradient.
//
// All sums over samples are sums of integers (see docs/explanation/native-engine.md). Workers share the units of each
// layer, 16 at a time, and meet between layers.
#pragma once

#include <vector>

#include "model.h"
#include "team.h"

namespace digitlab {

constexpr int MAX_BLOCK = 256;           // samples; for networks with more than one hidden layer, part of the definition

struct Samples {
    const uint8_t* X;       // tiles of B, [16 samples][depth]
    const uint8_t* X_used;  // likewise
    const uint8_t* labels;
    int count;
    const uint8_t* soon = nullptr;  // the X of the samples after these, where it is known
};

struct Columns {  // of the sums, in tiles: one column for each input, the last one for the bias
    int first, count;
};

template <typename Visit>
void own_tiles(const Shape& shape, const Worker& worker, Visit visit) {
    for (int l = 0; l < shape.layers(); ++l) worker.share(shape.unit_tiles(l), [&](int tile) { visit(l, tile); });
}

class Block {
  public:
    Block(const Shape& shape, const Pixels& pixels, const Kernels& kernels, int capacity);

    // The first half of the forward pass: needs only the worker's own units of the first layer.
    void first_layer(const Model& model, const Samples& samples, const Worker& worker);
    // The other layers, the loss of the worker's share of the samples, and delta of all layers.
    Loss rest(const Model& model, const Samples& samples, const Worker& worker);
    void deltas(const Model& model, const Samples& samples, const Worker& worker);
    // The bytes of delta, for one tile of units; before its sums.
    void pack_tile(const Samples& samples, int layer, int tile);
    // The integer sums of one tile of units, for some columns, added to those of earlier samples or not.
    void sum_tile(const Samples& samples, int layer, int tile, Columns columns, bool add);

    Columns all_columns(int layer) const;
    // One unit's row of sums, for `collect`; and the gradient of its bias, which is in the last of the columns.
    Collect sums_of(int layer, int unit, Columns columns) const;
    double bias_gradient(int layer, int unit, Columns columns) const;

  private:
    struct LayerWork {
        Buffer<float> z, a, delta;      // [units, padded][stride_]; z only where the derivative needs it
        Buffer<int8_t> delta_digits;    // [unit tile][digit][k] tiles of A
        Buffer<uint8_t> output_digits;  // [digit][unit tile, one more for the bias][k] tiles of B
        Buffer<int32_t> sums;           // [unit tile][i][input tile] tiles of C
        Buffer<float> factor;           // [units]: from delta to its integers
        Buffer<double> sum_scale;       // [units]: what an integer sum is worth
        Buffer<double> output_scale;    // [units, padded]: what an integer of an output is worth
        int input_tiles = 0, partial_sums = 0;
    };

    void one_first_tile(const Model& model, const Samples& samples, int tile, int32_t* scratch);
    void one_dense_tile(const Model& model, int layer, int tile, int lanes);
    void finish_tile(const Model& model, int layer, int tile, int lanes);
    void delta_tile(const Model& model, int layer, int tile, int lanes);
    int columns(int layer) const;
    int64_t delta_sum(int layer, int unit, Columns columns) const;  // as an integer: the last column of the sums
    float* row(Buffer<float>& rows, int unit) { return &rows[static_cast<size_t>(unit) * stride_]; }
    bool has_one_hidden_layer() const { return shape_.layers() == 2; }
    ptrdiff_t digit_stride(int layer) const;  // of output_digits, in bytes

    const Shape& shape_;
    const Pixels& pixels_;
    const Kernels& kernels_;
    const int k_tiles_, stride_;  // of 64 samples; floats from row to row
    std::vector<LayerWork> work_;
    Buffer<uint8_t> turned_, turned_used_;  // pixels for the backward pass: tiles of B, [pixel tile][k]
    Buffer<double> logits_;                 // [classes, padded][stride_]: in float64, see softmax.h
    Buffer<double> ones_;
};

}  // namespace digitlab
