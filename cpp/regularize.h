// Dropout and limited norms: the formulas of src/digitlab/engines/regularization.py.
#pragma once

#include "functions.h"
#include "kernels.h"
#include "random.h"

namespace digitlab {
namespace {

// 0 or the scale, of units from a multiple of four on: four share the 64 bits of a word, the first has the lowest 16.
DIGITLAB_INLINE F dropout_factors(uint64_t key, int unit, I dropped, F scale) {
    I part;
    for (int i = 0; i < LANES; i += 4) {
        const uint64_t four = word(key, static_cast<uint64_t>((unit + i) / 4));
        for (int j = 0; j < 4; ++j) part[i + j] = static_cast<int32_t>(four >> 16 * j & 0xffff);
    }
    return part >= dropped ? scale : F{};
}

void drop(Activation::Kind kind, float* a, float* z, ptrdiff_t row, const uint64_t* keys, int layer, const Regularization& how,
          int samples, Range columns) {
    const I dropped = all(static_cast<int32_t>(how.dropped));
    const F scale = all(how.scale);
    by_kind<ACTIVATIONS>(kind, [&]<Activation::Kind known> {
        for (int s = 0; s < samples; ++s, a += row, z += row) {
            const uint64_t key = word(keys[s], static_cast<uint64_t>(layer));
            for (int n = columns.begin; n < columns.end; n += LANES) {
                const F factors = dropout_factors(key, n, dropped, scale), value = load(a + n);
                store(z + n, derivative<known>(load(z + n), value) * factors);
                store(a + n, value * factors);
            }
        }
    });
}

void limit(float* W, ptrdiff_t row, int rows, Range columns, double most) {
    for (int n = columns.begin; n < columns.end; n += LANES) {
        Wide squares{};
        for (int i = 0; i < rows; ++i) {
            const Wide w = wide(load(W + i * row + n));
            squares.low = squares.low + w.low * w.low;
            squares.high = squares.high + w.high * w.high;
        }
        Wide factors;
        bool any = false;
        const auto factor = [&](double squares) {
            const double length = std::sqrt(squares);
            any = any || length > most;
            return length > most ? most / length : 1.0;
        };
        for (int i = 0; i < LANES / 2; ++i) factors.low[i] = factor(squares.low[i]), factors.high[i] = factor(squares.high[i]);
        if (!any) continue;
        const F by = narrow(factors);
        for (int i = 0; i < rows; ++i) store(W + i * row + n, load(W + i * row + n) * by);
    }
}

}  // namespace
}  // namespace digitlab
