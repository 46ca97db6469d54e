// Parameters (or an optimizer's memory of them) as the kernels want them: one row for each unit, pixels in their places.
#pragma once

#include <vector>

#include "pixels.h"

namespace digitlab {

struct Shape {
    std::vector<int> sizes;  // 784, ..., classes
    Activation activation;

    int layers() const { return static_cast<int>(sizes.size()) - 1; }
    int inputs(int layer) const { return sizes[layer]; }
    int outputs(int layer) const { return sizes[layer + 1]; }
    int unit_tiles(int layer) const { return tiles(outputs(layer), TILE); }
    bool is_last(int layer) const { return layer == layers() - 1; }
    int64_t parameter_count() const;
};

struct LayerRows {
    int columns = 0;     // from row to row
    Buffer<float> W, b;  // [units, padded to 16][columns], [units, padded to 16]

    float* row(int unit) { return &W[static_cast<size_t>(unit) * columns]; }
    const float* row(int unit) const { return &W[static_cast<size_t>(unit) * columns]; }
};

class Parameters {
  public:
    Parameters(const Shape& shape, const Pixels& pixels);

    LayerRows& layer(int number) { return layers_[number]; }
    const LayerRows& layer(int number) const { return layers_[number]; }
    // From and to the flat vector W1, b1, W2, ..., each W being (inputs, outputs): the units of one tile.
    void load(const float* flat, int layer, int tile);
    void save(float* flat, int layer, int tile) const;

  private:
    template <typename Visit>
    void visit(int layer, int tile, Visit visit) const;

    const Shape& shape_;
    const Pixels& pixels_;
    std::vector<LayerRows> layers_;
};

// Where layer's W begins in the flat vector; its b follows.
int64_t flat_start(const Shape& shape, int layer);
// The column in which the weights from an input stand.
inline int column_of(const Pixels& pixels, int layer, int input) { return layer == 0 ? pixels.place(input) : input; }

}  // namespace digitlab
