#include "block.h"

#include <algorithm>

namespace digitlab {

Block::Block(const Shape& shape, const Pixels& pixels, const Kernels& kernels, int capacity)
    : shape_(shape), pixels_(pixels), kernels_(kernels), k_tiles_(tiles(capacity, DEPTH)),
      stride_(k_tiles_ * DEPTH), work_(shape.layers()) {
    size_t widest = pixels.columns();
    for (int l = 0; l < shape.layers(); ++l) {
        LayerWork& w = work_[l];
        const size_t units = shape.unit_tiles(l) * TILE;
        w.input_tiles = tiles(columns(l), TILE);
        widest = std::max(widest, static_cast<size_t>(w.input_tiles) * TILE);
        w.delta = Buffer<float>(units * stride_);
        w.delta_digits = Buffer<int8_t>(units / TILE * MAX_BYTES * k_tiles_ * A_TILE);
        w.partial_sums = l == 0 ? kernels.digits.count : UPPER_SUMS;
        w.sums = Buffer<int32_t>(units / TILE * w.partial_sums * w.input_tiles * C_TILE);
        w.factor = Buffer<float>(units);
        w.sum_scale = Buffer<double>(units);
        std::fill_n(w.factor.data(), units, factor_for(l == 0 ? 1.0f / 255.0f : 1.0f, DELTA_BITS));  // as |p - y| <= 1
        if (shape.is_last(l)) continue;
        w.a = Buffer<float>(units * stride_);
        if (shape.activation.needs_z) w.z = Buffer<float>(units * stride_);
        w.output_digits = Buffer<uint8_t>(BYTES.count * digit_stride(l));
        w.output_scale = Buffer<double>(round_up(columns(l + 1), TILE));
        // The bias counts as the weight of one more input, whose digits are 0, 0, 1, 0: 2^16, the unit of the sums.
        const int bias = columns(l + 1) - 1;
        uint8_t* ones = &w.output_digits[2 * digit_stride(l)] + bias / TILE * k_tiles_ * B_TILE;
        for (int k = 0; k < k_tiles_; ++k)
            for (int r = 0; r < TILE; ++r) std::memset(ones + k * B_TILE + r * DEPTH + bias % TILE * 4, 1, 4);
    }
    logits_ = Buffer<double>(static_cast<size_t>(shape.unit_tiles(shape.layers() - 1)) * TILE * stride_);
    turned_ = Buffer<uint8_t>(static_cast<size_t>(work_[0].input_tiles) * k_tiles_ * B_TILE);
    turned_used_ = Buffer<uint8_t>(static_cast<size_t>(work_[0].input_tiles) * k_tiles_);
    ones_ = Buffer<double>(widest);
    std::fill_n(ones_.data(), widest, 1.0);
}

ptrdiff_t Block::digit_stride(int layer) const {
    return static_cast<ptrdiff_t>(tiles(columns(layer + 1), TILE)) * k_tiles_ * B_TILE;
}

// The bias's comes last; outputs are packed four columns at a time.
Columns Block::all_columns(int layer) const { return {0, work_[layer].input_tiles}; }

int Block::columns(int layer) const { return layer == 0 ? pixels_.constant() + 1 : round_up(shape_.inputs(layer), 4) + 1; }

// Forward ------------------------------------------------------------------------------------------------------------

void Block::first_layer(const Model& model, const Samples& samples, const Worker& worker) {
    thread_local Buffer<int32_t> scratch;  // the digits' sums of one tile of units
    const size_t needed = static_cast<size_t>(kernels_.digits.count) * k_tiles_ * (DEPTH / TILE) * C_TILE;
    if (scratch.size() < needed) scratch = Buffer<int32_t>(needed);
    worker.share(shape_.unit_tiles(0), [&](int tile) { one_first_tile(model, samples, tile, scratch.data()); });
    worker.share(tiles(samples.count, DEPTH), [&](int k) {
        kernels_.turn_pixels(&turned_[k * B_TILE], k_tiles_, &turned_used_[k], k_tiles_,
                             samples.X + static_cast<ptrdiff_t>(k) * 4 * pixels_.depth() * B_TILE, pixels_.depth(),
                             work_[0].input_tiles);
    });
}

void Block::one_first_tile(const Model& model, const Samples& samples, int tile, int32_t* scratch) {
    const int sample_tiles = tiles(samples.count, TILE), depth = pixels_.depth();
    Product product{};
    product.C = scratch, product.C_row = sample_tiles;
    product.A = model.digits(tile), product.A_row = depth, product.rows = kernels_.digits.count;
    product.A_words = kernels_.digits.are_words();
    product.B = samples.X, product.B_column = depth, product.columns = sample_tiles, product.depth = depth;
    product.B_used = samples.X_used, product.used_column = depth;
    kernels_.product(product);
    LayerWork& w = work_[0];
    Buffer<float>& out = shape_.is_last(0) ? w.delta : w.z.empty() ? w.a : w.z;
    const int units = std::min(TILE, shape_.outputs(0) - tile * TILE);
    kernels_.first_layer(row(out, tile * TILE), stride_, scratch, sample_tiles, sample_tiles, units, model.scale(tile),
                         model.scale_rest(tile), &model.parameters.layer(0).b[tile * TILE]);
    if (!shape_.is_last(0)) return finish_tile(model, 0, tile, sample_tiles * TILE);
    for (int unit = tile * TILE; unit < tile * TILE + units; ++unit)  // no hidden layer: these are the logits
        std::copy_n(row(w.delta, unit), sample_tiles * TILE, &logits_[static_cast<size_t>(unit) * stride_]);
}

void Block::one_dense_tile(const Model& model, int layer, int tile, int lanes) {
    LayerWork& w = work_[layer];
    const LayerRows<float>& rows = model.parameters.layer(layer);
    const bool last = shape_.is_last(layer);
    Dense d{};
    d.out = last ? nullptr : row(w.z.empty() ? w.a : w.z, tile * TILE);
    d.in = work_[layer - 1].a.data(), d.stride = stride_;
    d.W = rows.row(tile * TILE), d.W_output = rows.columns, d.W_inner = 1, d.start = &rows.b[tile * TILE];
    d.outputs = std::min(TILE, shape_.outputs(layer) - tile * TILE), d.inner = shape_.inputs(layer), d.samples = lanes;
    if (last) return kernels_.logits(d, &logits_[static_cast<size_t>(tile) * TILE * stride_]);
    kernels_.dense(d);
    finish_tile(model, layer, tile, lanes);
}

// From z to a, and to the bytes of a that the next layer's gradient needs.
void Block::finish_tile(const Model& model, int layer, int tile, int lanes) {
    LayerWork& w = work_[layer];
    float factors[TILE] = {};
    for (int unit = tile * TILE; unit < shape_.units_end(layer, tile); ++unit) {
        float* a = row(w.a, unit);
        kernels_.activate(shape_.activation.kind, a, w.z.empty() ? a : row(w.z, unit), lanes);
        float bound = 1.0f;
        if (has_one_hidden_layer()) {
            bound = model.output_bound(unit);
        } else if (!shape_.activation.bounded) {
            bound = kernels_.largest(a, lanes);
        }
        factors[unit % TILE] = factor_for(bound, has_one_hidden_layer() && shape_.activation.bounded ? EXACT_BITS : OUTPUT_BITS);
        w.output_scale[unit] = 1.0 / factors[unit % TILE];
    }
    uint8_t* out = &w.output_digits[static_cast<ptrdiff_t>(tile) * k_tiles_ * B_TILE];
    for (int i = 0; i < TILE && tile * TILE + i < shape_.outputs(layer); i += 4)
        kernels_.pack_columns(out, digit_stride(layer), i, row(w.a, tile * TILE + i), stride_, lanes, factors + i);
}

Loss Block::rest(const Model& model, const Samples& samples, const Worker& worker) {
    const int lanes = round_up(samples.count, LANES), last = shape_.layers() - 1;
    for (int l = 1; l <= last; ++l) {
        worker.meet();
        worker.share(shape_.unit_tiles(l), [&](int tile) { one_dense_tile(model, l, tile, lanes); });
    }
    worker.meet();
    Loss loss;
    const int first = worker.begin(lanes / LANES) * LANES, end = std::min(worker.end(lanes / LANES) * LANES, samples.count);
    if (first < end)
        kernels_.softmax(&work_[last].delta[first], &logits_[first], stride_, shape_.sizes.back(),
                         samples.labels + first, end - first, loss);
    return loss;
}

// Backward -----------------------------------------------------------------------------------------------------------

void Block::deltas(const Model& model, const Samples& samples, const Worker& worker) {
    const int lanes = round_up(samples.count, LANES);
    for (int l = shape_.layers() - 2; l >= 0; --l) {
        worker.meet();
        worker.share(shape_.unit_tiles(l), [&](int tile) { delta_tile(model, l, tile, lanes); });
    }
    worker.meet();
}

// delta_l = f'(z_l) * sum over the units above of W * delta
void Block::delta_tile(const Model& model, int layer, int tile, int lanes) {
    LayerWork &w = work_[layer], &above = work_[layer + 1];
    const LayerRows<float>& rows = model.parameters.layer(layer + 1);
    Dense d{};
    d.out = row(w.delta, tile * TILE), d.in = above.delta.data(), d.stride = stride_;
    d.W = rows.row(0) + tile * TILE, d.W_output = 1, d.W_inner = rows.columns, d.start = nullptr;
    d.outputs = std::min(TILE, shape_.outputs(layer) - tile * TILE), d.inner = shape_.outputs(layer + 1), d.samples = lanes;
    kernels_.dense(d);
    for (int unit = tile * TILE; unit < tile * TILE + d.outputs; ++unit) {
        float* delta = row(w.delta, unit);
        const float *a = row(w.a, unit), *z = w.z.empty() ? a : row(w.z, unit);
        kernels_.slope(shape_.activation.kind, delta, z, a, lanes);
        // Its grid is known before (so that any shard uses the same), or fits this block.
        const float bound = has_one_hidden_layer() ? model.delta_bound(unit) : kernels_.largest(delta, lanes);
        w.factor[unit] = factor_for(layer == 0 ? bound / 255.0f : bound, DELTA_BITS);
    }
}

void Block::pack_tile(const Samples& samples, int layer, int tile) {
    LayerWork& w = work_[layer];
    int8_t* out = &w.delta_digits[static_cast<size_t>(tile) * MAX_BYTES * k_tiles_ * A_TILE];
    const int lanes = round_up(samples.count, LANES);
    const Packing how{layer == 0 ? kernels_.digits : BYTES, k_tiles_, layer == 0};
    for (int unit = tile * TILE; unit < shape_.units_end(layer, tile); ++unit) {
        kernels_.pack_row(out, unit % TILE, row(w.delta, unit), lanes, w.factor[unit], how);
        w.sum_scale[unit] = (layer == 0 ? 1.0 : 65536.0) / w.factor[unit];  // 2^16: digits that count less are left out
    }
}

void Block::sum_tile(const Samples& samples, int layer, int tile, Columns columns, bool add) {
    LayerWork& w = work_[layer];
    Product p{};
    p.C = &w.sums[static_cast<size_t>(tile) * w.partial_sums * w.input_tiles * C_TILE], p.C_row = columns.count;
    p.A = &w.delta_digits[static_cast<size_t>(tile) * MAX_BYTES * k_tiles_ * A_TILE], p.A_row = k_tiles_;
    p.columns = columns.count, p.B_column = k_tiles_, p.depth = tiles(samples.count, DEPTH);
    const ptrdiff_t first = static_cast<ptrdiff_t>(columns.first) * k_tiles_;
    if (layer == 0) {
        p.rows = kernels_.digits.count, p.A_words = kernels_.digits.are_words(), p.add = add, p.B = turned_.data() + first * B_TILE;
        p.B_used = turned_used_.data() + first, p.used_column = k_tiles_;
        if (samples.soon) {  // a share for each tile of units
            p.soon_bytes = static_cast<ptrdiff_t>(k_tiles_) * 4 * pixels_.depth() * B_TILE / shape_.unit_tiles(0);
            p.soon = samples.soon + tile * p.soon_bytes;
        }
        kernels_.product(p);
        return;
    }
    if (!add) std::fill_n(p.C, w.partial_sums * columns.count * C_TILE, 0);
    // Digit i of delta times digit j of the input counts 2^8(i + j); those with i + j < 2 are too small to matter.
    constexpr int LEAST = 2;
    const int8_t* A = p.A;
    int32_t* C = p.C;
    p.add = true;
    for (int j = BYTES.count - 1; j >= 0; --j) {  // rows: all digits i that go with j
        const int i = std::max(0, LEAST - j);
        p.rows = BYTES.count - i, p.A = A + i * k_tiles_ * A_TILE, p.C = C + (i + j - LEAST) * p.C_row * C_TILE;
        p.B = &work_[layer - 1].output_digits[j * digit_stride(layer - 1)] + first * B_TILE;
        kernels_.product(p);
    }
}

double Block::bias_gradient(int layer, int unit, Columns columns) const {
    return static_cast<double>(delta_sum(layer, unit, columns)) / work_[layer].factor[unit];
}

int64_t Block::delta_sum(int layer, int unit, Columns columns) const {
    const LayerWork& w = work_[layer];
    const int column = this->columns(layer) - 1;
    const int32_t* at = &w.sums[static_cast<size_t>(unit / TILE) * w.partial_sums * w.input_tiles * C_TILE];
    at += (column / TILE - columns.first) * C_TILE + unit % TILE * TILE + column % TILE;
    const int64_t base = int64_t{1} << (layer == 0 ? kernels_.digits : BYTES).bits;
    int64_t sum = 0;
    for (int i = w.partial_sums - 1; i >= 0; --i) sum = sum * base + at[static_cast<ptrdiff_t>(i) * columns.count * C_TILE];
    return sum;
}

Collect Block::sums_of(int layer, int unit, Columns columns) const {
    const LayerWork& w = work_[layer];
    const int inputs = layer == 0 ? pixels_.constant() : shape_.inputs(layer);
    Collect c{};
    c.C = &w.sums[static_cast<size_t>(unit / TILE) * w.partial_sums * w.input_tiles * C_TILE], c.C_row = columns.count;
    c.sums = w.partial_sums, c.row = unit % TILE, c.scale = w.sum_scale[unit];
    c.count = std::min(inputs - columns.first * TILE, columns.count * TILE);
    c.column_scale = (layer == 0 ? ones_.data() : work_[layer - 1].output_scale.data()) + columns.first * TILE;
    // An input's digits are those of round(a * factor) + 2^31: the 2^31 is taken off here, in units of 2^16.
    c.offset = layer == 0 ? 0 : 32768 * delta_sum(layer, unit, columns);
    return c;
}

}  // namespace digitlab
