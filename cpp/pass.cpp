#include "pass.h"

#include <cmath>

namespace digitlab {

// The power of two that brings |x| <= bound to below 2^bits. Near the end of the finite numbers it is 0, so that what is
// divided by it is not finite either.
static float factor_for(float bound, int bits) {
    if (!(bound < 1e37f)) return 0.0f;
    int exponent;
    std::frexp(std::max(bound, 1e-25f), &exponent);  // bound < 2^exponent
    return std::ldexp(1.0f, bits - exponent);
}

constexpr int DIGITS = 53;                              // bits of a float64
constexpr int DELTA_BITS = DIGITS - 8 - MOST_SAMPLES;  // 28: with the bits of a pixel and of the number of samples, all

Model::Model(const Shape& shape) : shape(shape), parameters(shape), factor(shape.stride(0)), reaches(shape.stride(0)) {
    for (int l = 0; l < shape.layers(); ++l)
        turned.emplace_back(l == 0 ? 0 : static_cast<size_t>(shape.outputs(l)) * padded(shape.inputs(l) + 1));
    const float most = factor_for(1 / 255.0f, DELTA_BITS);  // of p - y, where the first layer is the last one
    std::fill_n(factor.data(), factor.size(), most);
}

void Model::prepare(const Kernels& kernels, const Worker& worker) {
    for (int l = 1; l < shape.layers(); ++l) {
        const Range units = own_units(shape, l - 1, worker);
        const Range rows{units.begin, std::min(units.end, shape.inputs(l))};
        kernels.transpose(turned[l].data(), padded(shape.inputs(l) + 1), parameters.layer(l), shape.stride(l), rows,
                          shape.outputs(l));
    }
    if (!shape.has_one_hidden_layer()) return;
    const Range units = own_units(shape, 0, worker);
    for (int unit = units.begin; unit < std::min(units.end, shape.inputs(1)); ++unit) {
        // delta = f' * sum_k W_k (p_k - y_k): what is above 0 in the last factor adds up to at most 1, and so does what is
        // below, so the sum is at most the largest W_k less the smallest.
        const float* row = parameters.row(1, unit);
        const auto [low, high] = std::minmax_element(row, row + shape.outputs(1));
        const float rounding = 1e-3f * std::max(std::fabs(*low), std::fabs(*high));
        const float steepest = shape.regularization.scale * shape.activation.steepest;
        factor[unit] = factor_for(steepest * std::max(*high - *low, rounding) / 255.0f, DELTA_BITS);
    }
    // Pixels are 0 to 1, so |z| is at most this; and |a| <= |z| for all functions that are not bounded.
    if (!shape.activation.bounded && units.begin < units.end)
        kernels.reach(reaches.data(), parameters.layer(0), units);
}

void Model::limit_norms(const Kernels& kernels, const Worker& worker) {
    const double most = shape.regularization.max_norm;
    if (most == 0) return;
    worker.meet();  // of other layers than the first, workers changed rows
    for (int l = 0; l < shape.layers(); ++l) {
        const Range units = own_units(shape, l, worker);
        for (int unit = units.begin; unit < units.end; unit += GROUP)
            if (l == 0) kernels.limit(parameters.layer(0) + place(2, unit), GROUP, PIXELS, {0, GROUP}, most);
            else kernels.limit(parameters.layer(l), shape.stride(l), shape.inputs(l), {unit, unit + GROUP}, most);
    }
    worker.meet();
}

double Model::reach() const {
    const double scale = shape.regularization.scale;
    if (shape.activation.bounded) return scale;
    float most = 0.0f;
    for (int unit = 0; unit < shape.outputs(0); ++unit) most = std::max(most, reaches[unit]);
    return scale * std::max(1.0, 1.001 * most);  // a little more, for what rounding took away
}

Range own_units(const Shape& shape, int layer, const Worker& worker) {
    const int groups = shape.groups(layer);
    return {worker.begin(groups) * GROUP, worker.end(groups) * GROUP};
}

Pass::Pass(const Shape& shape, const Kernels& kernels) : shape_(shape), kernels_(kernels), work_(shape.layers()) {
    for (int l = 0; l < shape.layers(); ++l) {
        LayerWork& w = work_[l];
        w.delta = Buffer<float>(static_cast<size_t>(MAX_BATCH) * shape.stride(l));
        if (l == shape.last() && l > 0) continue;
        w.a = Buffer<float>(static_cast<size_t>(MAX_BATCH) * row(l));
        if ((shape.activation.needs_z || shape.regularization.dropped) && l < shape.last()) w.z = Buffer<float>(w.a.size());
    }
    logits_ = Buffer<double>(static_cast<size_t>(MAX_BATCH) * shape.stride(shape.last()));
    powers_ = Buffer<double>(static_cast<size_t>(MAX_BATCH) * shape.sizes.back());
}

// Forward ------------------------------------------------------------------------------------------------------------

void Pass::first_layer(const Model& model, const Samples& samples, Range units) {
    LayerWork& w = work_[0];
    Buffer<float>& z = w.z.empty() ? w.a : w.z;
    for (int block = 0; block * BLOCK < samples.count; ++block)
        kernels_.first_layer(&z[static_cast<size_t>(block) * BLOCK * row(0)], row(0), samples.lists[block],
                             model.parameters.layer(0), units);
    if (shape_.last() > 0) activate(samples, 0, units);
}

void Pass::hidden_layer(const Model& model, const Samples& samples, int layer, Range units) {
    LayerWork &w = work_[layer], &below = work_[layer - 1];
    Buffer<float>& z = w.z.empty() ? w.a : w.z;
    kernels_.product({z.data(), row(layer), below.a.data(), row(layer - 1), model.parameters.layer(layer),
                      shape_.stride(layer), model.parameters.bias(layer), samples.count, shape_.inputs(layer), units});
    activate(samples, layer, units);
}

void Pass::activate(const Samples& samples, int layer, Range units) {
    LayerWork& w = work_[layer];
    const Activation::Kind kind = shape_.activation.kind;
    kernels_.activate(kind, w.a.data(), w.z.empty() ? w.a.data() : w.z.data(), row(layer), samples.count, units);
    if (samples.keys)
        kernels_.drop(kind, w.a.data(), w.z.data(), row(layer), samples.keys, layer, shape_.regularization, samples.count, units);
    const int one = shape_.outputs(layer);  // the next layer's bias is its weight
    if (units.end >= one && units.begin < units.end)
        for (int s = 0; s < samples.count; ++s) w.a[static_cast<size_t>(s) * row(layer) + one] = 1.0f;
}

Loss Pass::forward(const Model& model, const Samples& samples, const Worker& worker) {
    const int last = shape_.last(), classes = shape_.sizes.back(), stride = shape_.stride(last);
    first_layer(model, samples, own_units(shape_, 0, worker));
    for (int l = 1; l < last; ++l) {
        worker.meet();
        hidden_layer(model, samples, l, own_units(shape_, l, worker));
    }
    worker.meet();
    const int groups = (samples.count + GROUP - 1) / GROUP;
    const int first = worker.begin(groups) * GROUP, end = std::min(worker.end(groups) * GROUP, samples.count);
    Loss loss;
    if (first >= end) return loss;
    double* logits = &logits_[static_cast<size_t>(first) * stride];
    if (last == 0) {  // no hidden layer
        for (int s = first; s < end; ++s)
            std::copy_n(&work_[0].a[static_cast<size_t>(s) * row(0)], classes, &logits_[static_cast<size_t>(s) * stride]);
    } else {
        kernels_.logits({logits, stride, &work_[last - 1].a[static_cast<size_t>(first) * row(last - 1)], row(last - 1),
                         model.parameters.layer(last), shape_.stride(last), model.parameters.bias(last), end - first,
                         shape_.inputs(last), {0, classes}});
    }
    kernels_.softmax(&work_[last].delta[static_cast<size_t>(first) * stride], stride, logits, stride, classes,
                     samples.labels + first, samples.smoothing, end - first, &powers_[static_cast<size_t>(first) * classes], loss);
    return loss;
}

// Backward -----------------------------------------------------------------------------------------------------------

// delta_l = f'(z_l) * sum over the units above of W * delta
void Pass::delta(const Model& model, const Samples& samples, int layer, const Worker& worker) {
    LayerWork &w = work_[layer], &above = work_[layer + 1];
    const Range units = own_units(shape_, layer, worker);
    kernels_.product({w.delta.data(), shape_.stride(layer), above.delta.data(), shape_.stride(layer + 1),
                      model.turned[layer + 1].data(), padded(shape_.inputs(layer + 1) + 1), nullptr, samples.count,
                      shape_.outputs(layer + 1), units});
    if (samples.keys)
        kernels_.multiply(w.delta.data(), shape_.stride(layer), w.z.data(), row(layer), samples.count, units);
    else
        kernels_.slope(shape_.activation.kind, w.delta.data(), shape_.stride(layer), w.z.empty() ? w.a.data() : w.z.data(),
                       w.a.data(), row(layer), samples.count, units);
}

void Pass::to_grid(const Model& model, const Samples& samples, Range units) {
    kernels_.to_grid(work_[0].delta.data(), shape_.stride(0), shape_.is_exact() ? model.factor.data() : nullptr, samples.count,
                     units);
}

Gradient Pass::upper_gradient(const Samples& samples, int layer, const Worker& worker, double rounding) {
    Range rows = own_units(shape_, layer - 1, worker);
    if (rows.end >= shape_.inputs(layer)) rows.end = rows.begin < rows.end ? shape_.inputs(layer) + 1 : rows.begin;  // and the bias
    const int columns = shape_.groups(layer) * GROUP;
    return {nullptr, work_[layer - 1].a.data(), row(layer - 1), work_[layer].delta.data(), shape_.stride(layer), samples.count,
            rows, {0, columns}, rounding};
}

// The grid is one that 2^17 samples at the bound would just fill.
double Pass::rounding(const Model& model) const {
    if (!shape_.has_one_hidden_layer()) return 0.0;
    int exponent;
    std::frexp(model.reach(), &exponent);
    return std::ldexp(1.5, exponent + MOST_SAMPLES - 1);  // 1.5 * 2^52 times the grid, which is 2^(exponent + 17 - 53)
}

}  // namespace digitlab
