// A network's shape, and how its numbers lie in memory.
//
// A matrix of a layer has one row for each input and one column for each unit, so vectors run over units. In the first layer
// the pixels begin with row 2; row 0 is its bias, the weight of an input that is always 1, and row 1 is empty. Its columns lie
// in groups of 16, one group after the other, so that what workers change is far apart. In other layers rows lie one after
// the other, and the bias is the last.
#pragma once

#include <algorithm>
#include <vector>

#include "buffer.h"
#include "names.h"

namespace digitlab {

constexpr int SIDE = 28;  // of a picture, in pixels
constexpr int PIXELS = SIDE * SIDE;
constexpr int FIRST_ROWS = PIXELS + 2;
constexpr int GROUP = 16;         // units that are never shared out
constexpr int BLOCK = 128;        // samples whose sums are float32; part of what is promised of shards
constexpr int MAX_BATCH = 512;    // samples that a pass has room for
constexpr int MOST_SAMPLES = 17;  // as a power of two: for how many samples sums are exact

struct Range { int begin, end; };

// Numbers from row to row: whole cache lines, and an odd number of them, so that rows do not compete for the same places.
constexpr int padded(int columns) { return ((columns + GROUP - 1) / GROUP | 1) * GROUP; }

// Where a number of the first layer lies.
constexpr size_t place(unsigned row, unsigned column) {
    return (static_cast<size_t>(column / GROUP) * FIRST_ROWS + row) * GROUP + column % GROUP;
}

// What training does beside: src/digitlab/engines/regularization.py.
struct Regularization {
    uint64_t seed = 0;
    uint32_t dropped = 0;  // of the hidden units, in 65,536ths
    float scale = 1;       // what the others count for
    double smoothing = 0;  // of labels
    double max_norm = 0;   // of a unit's incoming weights; 0: any
    int64_t first = 0;     // the number of the session's first sample
};

struct Shape {
    std::vector<int> sizes;  // 784, ..., classes
    Activation activation;
    Regularization regularization = {};

    int layers() const { return static_cast<int>(sizes.size()) - 1; }
    int last() const { return layers() - 1; }
    int inputs(int layer) const { return sizes[layer]; }
    int outputs(int layer) const { return sizes[layer + 1]; }
    int groups(int layer) const { return (outputs(layer) + GROUP - 1) / GROUP; }
    bool has_one_hidden_layer() const { return layers() == 2; }
    // With no more than one, the grid of all sums is known before.
    bool is_exact() const { return layers() <= 2; }
    int rows(int layer) const { return layer == 0 ? FIRST_ROWS : inputs(layer) + 1; }
    int stride(int layer) const { return padded(outputs(layer)); }
    int64_t parameter_count() const {
        int64_t count = 0;
        for (int l = 0; l < layers(); ++l) count += static_cast<int64_t>(inputs(l) + 1) * outputs(l);
        return count;
    }
};

// One number for each parameter: the parameters, an optimizer's memory, a gradient.
template <typename Number>
class PerParameter {
  public:
    explicit PerParameter(const Shape& shape) : shape_(shape) {
        for (int l = 0; l < shape.layers(); ++l) layers_.emplace_back(static_cast<size_t>(shape.rows(l)) * shape.stride(l));
    }

    Number* layer(int number) { return layers_[number].data(); }
    const Number* layer(int number) const { return layers_[number].data(); }
    // Of a layer that is not the first.
    const Number* row(int layer, int row) const { return &layers_[layer][static_cast<size_t>(row) * shape_.stride(layer)]; }
    const Number* bias(int layer) const { return row(layer, shape_.inputs(layer)); }

    // From and to the flat vector W1, b1, W2, ...; each W is (inputs, outputs).
    void load(const Number* flat) {
        clear();  // a step that led beyond the finite numbers may have spoilt the columns that are nobody's
        visit([&](Number* row, int count) { std::copy_n(flat, count, row), flat += count; });
    }
    void save(Number* flat) {
        visit([&](Number* row, int count) { flat = std::copy_n(row, count, flat); });
    }
    void clear() {
        for (auto& layer : layers_) std::fill_n(layer.data(), layer.size(), Number{});
    }
    // Adds what is here to the flat vector.
    void add_to(Number* flat) {
        visit([&](Number* row, int count) {
            for (int i = 0; i < count; ++i) *flat++ += row[i];
        });
    }

  private:
    template <typename Visit>
    void visit(Visit visit) {
        for (int pixel = 0; pixel <= PIXELS; ++pixel)
            for (int column = 0; column < shape_.outputs(0); column += GROUP)
                visit(layer(0) + place((pixel + 2) % FIRST_ROWS, column), std::min(GROUP, shape_.outputs(0) - column));
        for (int l = 1; l < shape_.layers(); ++l)
            for (int i = 0; i < shape_.rows(l); ++i)
                visit(layer(l) + static_cast<ptrdiff_t>(i) * shape_.stride(l), shape_.outputs(l));
    }

    const Shape& shape_;
    std::vector<Buffer<Number>> layers_;
};

}  // namespace digitlab
