#include "model.h"

#include <cmath>

namespace digitlab {

float factor_for(float bound, int bits) {
    if (!(bound < 1e37f)) return 0.0f;
    int exponent;
    std::frexp(std::max(bound, 1e-25f), &exponent);  // bound < 2^exponent
    return std::ldexp(1.0f, bits - exponent);
}

// Weights become whole numbers: round(W * factor), which is W itself unless W is far smaller than the unit's largest.
bool Model::prepare(int layer, int unit) {
    LayerRows<float>& rows = parameters.layer(layer);
    if (layer > 0) return std::isfinite(kernels_.largest(rows.row(unit), rows.columns));
    const int used = pixels_.depth() * DEPTH;
    const float largest = kernels_.largest(rows.row(unit), rows.columns);  // lit or not: a shard must find the same
    if (!std::isfinite(largest)) return false;
    const float factor = factor_for(largest, WEIGHT_BITS), coarse = factor / 32;  // coarse: 784 of them are an int32
    const double scale = 1 / (255.0 * factor);  // a pixel is its byte / 255
    scale_[unit] = static_cast<float>(scale);
    scale_rest_[unit] = static_cast<float>(scale - static_cast<double>(scale_[unit]));
    if (!shape_.activation.bounded)  // a little more, for what rounding took away
        reach_[unit] = 1.001f * static_cast<float>(kernels_.one_sided_sum(rows.row(unit), rows.columns, coarse)) / coarse;
    int8_t* digits = &digits_[static_cast<size_t>(unit / TILE) * MAX_BYTES * pixels_.depth() * A_TILE];
    kernels_.pack_row(digits, unit % TILE, rows.row(unit), used, factor, {kernels_.digits, pixels_.depth(), false});
    return true;
}

bool Model::prepare_tile(int layer, int tile) {
    bool finite = std::isfinite(kernels_.largest(&parameters.layer(layer).b[tile * TILE], TILE));
    for (int unit = tile * TILE; unit < shape_.units_end(layer, tile); ++unit)
        finite &= prepare(layer, unit);
    return finite;
}

// Pixels are 0 to 1, so z - b is at most the sum of the weights above 0, and at least the sum of those below;
// |a| <= |z| for all functions that are not bounded.
float Model::output_bound(int unit) const {
    if (shape_.activation.bounded) return 1.0f;
    return std::fabs(parameters.layer(0).b[unit]) + reach_[unit];
}

// delta = f' * sum_k W_k (p_k - y_k): what is above 0 in the last factor adds up to at most 1, and so does what is below,
// so the sum is at most the largest W_k less the smallest.
float Model::delta_bound(int unit) const {
    const LayerRows<float>& last = parameters.layer(shape_.layers() - 1);
    float low = last.row(0)[unit], high = low;
    for (int k = 1; k < shape_.sizes.back(); ++k) {
        low = std::min(low, last.row(k)[unit]);
        high = std::max(high, last.row(k)[unit]);
    }
    const float rounding = 1e-3f * std::max(std::fabs(low), std::fabs(high));
    return shape_.activation.steepest * std::max(high - low, rounding);
}

}  // namespace digitlab
