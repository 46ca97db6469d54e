#include "parameters.h"

#include <algorithm>

namespace digitlab {

int64_t Shape::parameter_count() const { return flat_start(*this, layers()); }

int64_t flat_start(const Shape& shape, int layer) {
    int64_t start = 0;
    for (int l = 0; l < layer; ++l) start += static_cast<int64_t>(shape.inputs(l) + 1) * shape.outputs(l);
    return start;
}

Parameters::Parameters(const Shape& shape, const Pixels& pixels) : shape_(shape), pixels_(pixels) {
    for (int l = 0; l < shape.layers(); ++l) {
        LayerRows rows;
        rows.columns = l == 0 ? pixels.columns() : round_up(shape.inputs(l), LANES);
        const size_t units = shape.unit_tiles(l) * TILE;
        rows.W = Buffer<float>(units * rows.columns);
        rows.b = Buffer<float>(units);
        layers_.push_back(std::move(rows));
    }
}

// Calls visit(index in the flat vector, unit, column; -1 for the bias).
template <typename Visit>
void Parameters::visit(int layer, int tile, Visit visit) const {
    const int outputs = shape_.outputs(layer), end = std::min(outputs, (tile + 1) * TILE);
    int64_t at = flat_start(shape_, layer);
    for (int input = 0; input < shape_.inputs(layer); ++input, at += outputs) {
        const int column = column_of(pixels_, layer, input);
        for (int unit = tile * TILE; unit < end; ++unit) visit(at + unit, unit, column);
    }
    for (int unit = tile * TILE; unit < end; ++unit) visit(at + unit, unit, -1);
}

void Parameters::load(const float* flat, int layer, int tile) {
    LayerRows& rows = layers_[layer];
    visit(layer, tile, [&](int64_t at, int unit, int column) {
        (column < 0 ? rows.b[unit] : rows.row(unit)[column]) = flat[at];
    });
}

void Parameters::save(float* flat, int layer, int tile) const {
    const LayerRows& rows = layers_[layer];
    visit(layer, tile, [&](int64_t at, int unit, int column) {
        flat[at] = column < 0 ? rows.b[unit] : rows.row(unit)[column];
    });
}

}  // namespace digitlab
