// One number for each parameter (the parameters, an optimizer's memory, a gradient) as the kernels want them: one row for
// each unit, pixels in their places.
#pragma once

#include <algorithm>
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
    int units_end(int layer, int tile) const { return std::min((tile + 1) * TILE, outputs(layer)); }
    bool is_last(int layer) const { return layer == layers() - 1; }
    // Where layer's W begins in the flat vector W1, b1, W2, ..., each W being (inputs, outputs); its b follows.
    int64_t start(int layer) const {
        int64_t at = 0;
        for (int l = 0; l < layer; ++l) at += static_cast<int64_t>(inputs(l) + 1) * outputs(l);
        return at;
    }
    int64_t parameter_count() const { return start(layers()); }
};

template <typename Number>
struct LayerRows {
    int columns;          // from row to row
    Buffer<Number> W, b;  // [units, padded to 16][columns], [units, padded to 16]

    LayerRows(int units, int columns) : columns(columns), W(static_cast<size_t>(units) * columns), b(units) {}
    Number* row(int unit) { return &W[static_cast<size_t>(unit) * columns]; }
    const Number* row(int unit) const { return &W[static_cast<size_t>(unit) * columns]; }
};

template <typename Number>
class PerParameter {
  public:
    PerParameter(const Shape& shape, const Pixels& pixels) : shape_(shape), pixels_(pixels) {
        for (int l = 0; l < shape.layers(); ++l)
            layers_.emplace_back(shape.unit_tiles(l) * TILE, l == 0 ? pixels.columns() : round_up(shape.inputs(l), LANES));
    }

    LayerRows<Number>& layer(int number) { return layers_[number]; }
    const LayerRows<Number>& layer(int number) const { return layers_[number]; }

    // From and to the flat vector: the units of one tile.
    void load(const Number* flat, int layer, int tile) {
        visit(layer, tile, [&](int64_t at, Number& number) { number = flat[at]; });
    }
    void save(Number* flat, int layer, int tile) {
        visit(layer, tile, [&](int64_t at, Number& number) { flat[at] = number; });
    }

  private:
    template <typename Visit>
    void visit(int layer, int tile, Visit visit) {
        LayerRows<Number>& rows = layers_[layer];
        const int begin = tile * TILE, end = shape_.units_end(layer, tile);
        int64_t at = shape_.start(layer);
        for (int input = 0; input < shape_.inputs(layer); ++input, at += shape_.outputs(layer)) {
            const int column = layer == 0 ? pixels_.place(input) : input;
            for (int unit = begin; unit < end; ++unit) visit(at + unit, rows.row(unit)[column]);
        }
        for (int unit = begin; unit < end; ++unit) visit(at + unit, rows.b[unit]);
    }

    const Shape& shape_;
    const Pixels& pixels_;
    std::vector<LayerRows<Number>> layers_;
};

using Parameters = PerParameter<float>;

}  // namespace digitlab
