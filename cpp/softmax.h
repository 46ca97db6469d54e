// Softmax and its loss, in float64: they are a small part of the work, and once a network knows most digits, its gradient
// is what is left of large terms that cancel. Vectors run over samples.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "functions.h"
#include "kernels.h"

namespace digitlab {
namespace {

constexpr int SAMPLES = 16;  // that are worked on at once

typedef int64_t L __attribute__((vector_size(4 * LANES)));

// e^x for x <= 0 (below -86: e^-86): 2^n e^r with |r| <= ln(2)/2 and twelve terms of the series of e^r.
DIGITLAB_INLINE D exp(D x) {
    constexpr double ROUND = 6755399441055744.0;  // 1.5 * 2^52: what is added to it loses its fraction
    constexpr double TERMS[] = {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
                                1.0 / 120,      1.0 / 24,      1.0 / 6,      0.5,         1.0,        1.0};
    x = x > all(-86.0) ? x : all(-86.0);
    const D shifted = fma(x, all(1.4426950408889634), all(ROUND)), n = shifted - all(ROUND);
    D r = fma(n, all(-0.6931471803691238), x);  // ln 2 in two parts
    r = fma(n, all(-1.9082149292705877e-10), r);
    D p = all(TERMS[0]);
    for (int term = 1; term < 12; ++term) p = fma(p, r, all(TERMS[term]));
    return p * (D)(((L)shifted + 1023) << 52);
}

// Up to sixteen samples: p - y goes to delta, and their loss to `loss`. With S the sum of all powers and O that of the wrong
// classes, p_true - 1 = -O / S: no cancellation. powers: [classes], first the logits. Smoothed by e, y is e / classes, and 1 - e
// more for the true class.
inline void softmax_samples(float* delta, ptrdiff_t row, const double* logits, ptrdiff_t logits_row, int classes,
                            const uint8_t* labels, double smoothing, int count, double (*powers)[SAMPLES], Loss& loss) {
    alignas(64) double label[SAMPLES], behind[SAMPLES], winner[SAMPLES];
    alignas(64) float sums[SAMPLES], rest[SAMPLES];
    for (int i = 0; i < SAMPLES; ++i) {
        const double* from = logits + (i < count ? i : 0) * logits_row;
        label[i] = i < count ? labels[i] : -1;
        for (int k = 0; k < classes; ++k) powers[k][i] = from[k];
    }
    constexpr double TOO_LARGE = 0x1.ffffffp127;  // for a float32
    for (int i = 0; i < SAMPLES; i += LANES / 2) {
        const D y = load(label + i), nan = all(static_cast<double>(NAN));
        const D spread = all(smoothing / classes), given_up = all(smoothing);
        D most = load(powers[0] + i), first{}, own{}, trouble{}, sum{}, others{}, logit_sum{};
        for (int k = 0; k < classes; ++k) {
            const D z = load(powers[k] + i), number = all(static_cast<double>(k));
            first = z > most ? number : first;
            most = z > most ? z : most;
            own = y == number ? z : own;
            logit_sum = logit_sum + z;
            trouble = z < all(TOO_LARGE) ? trouble : nan, trouble = z > all(-TOO_LARGE) ? trouble : nan;
        }
        for (int k = 0; k < classes; ++k) {
            const D e = exp(load(powers[k] + i) - most);
            sum = sum + e;
            others = others + (y == all(static_cast<double>(k)) ? D{} : e);
            store(powers[k] + i, e);
        }
        for (int k = 0; k < classes; ++k) {
            const auto is_true = y == all(static_cast<double>(k));
            const D unsmoothed = (is_true ? -others : load(powers[k] + i)) / sum;
            store(powers[k] + i, unsmoothed + ((is_true ? given_up : D{}) - spread));
        }
        const D mean = logit_sum / all(static_cast<double>(classes));
        store(behind + i, most - (smoothing == 0 ? own : own + given_up * (mean - own)) + trouble);
        store(winner + i, first);
        const H small = narrow(sum);
        std::memcpy(sums + i, &small, sizeof small);
    }
    for (int i = 0; i < SAMPLES; i += LANES) store(rest + i, log(load(sums + i)));
    for (int i = 0; i < count; ++i) {
        for (int k = 0; k < classes; ++k) delta[i * row + k] = static_cast<float>(powers[k][i]);
        // a multiple of 2^-24: sums of such are exact up to 2^29, so their order does not matter
        loss.total += std::nearbyint((behind[i] + rest[i]) * 16777216.0) / 16777216.0;
        loss.hits += winner[i] == label[i];
    }
}

}  // namespace
}  // namespace digitlab
