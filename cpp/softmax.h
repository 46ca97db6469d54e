// Softmax and its loss, in float64: they are a small part of the work, and once a network knows most digits, its gradient
// is what is left of large terms that cancel. Plain loops over sixteen samples, which compilers turn into vectors.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "layout.h"

namespace digitlab {
namespace {

// e^x for x <= 0 (below -86: e^-86): 2^n e^r with |r| <= ln(2)/2 and twelve terms of the series of e^r.
inline void exp_lanes(double* x) {
    constexpr double ROUND = 6755399441055744.0;  // 1.5 * 2^52: what is added to it loses its fraction
    constexpr double TERMS[] = {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
                                1.0 / 120,      1.0 / 24,      1.0 / 6,      0.5,         1.0,        1.0};
    for (int i = 0; i < LANES; ++i) {
        const double limited = x[i] > -86.0 ? x[i] : -86.0, shifted = std::fma(limited, 1.4426950408889634, ROUND);
        const double n = shifted - ROUND;
        double r = std::fma(n, -0.6931471803691238, limited);  // ln 2 in two parts
        r = std::fma(n, -1.9082149292705877e-10, r);
        double p = TERMS[0];
        for (int term = 1; term < 12; ++term) p = std::fma(p, r, TERMS[term]);
        x[i] = p * std::bit_cast<double>((std::bit_cast<uint64_t>(shifted) + 1023) << 52);
    }
}

struct Outcome {
    double behind[LANES];  // the largest logit less the label's: the loss is this and ln(sum)
    float sum[LANES];      // of all powers, from 1 to the number of classes
    double winner[LANES];  // the first class with the largest logit
};

// Sixteen samples: logits become powers, and p - y goes to delta; 0 where a label is below 0. With S the sum of all powers
// and O that of the wrong classes, p_true - 1 = -O / S: no cancellation.
inline Outcome softmax_lanes(float* delta, double* logits, ptrdiff_t stride, int classes, const double* label) {
    Outcome out{};
    double most[LANES], own[LANES] = {}, trouble[LANES] = {}, sum[LANES] = {}, others[LANES] = {};
    std::memcpy(most, logits, sizeof most);
    for (int k = 0; k < classes; ++k)
        for (int i = 0; i < LANES; ++i) {
            const double z = logits[k * stride + i], number = k;
            out.winner[i] = z > most[i] ? number : out.winner[i];
            most[i] = z > most[i] ? z : most[i];
            own[i] = label[i] == number ? z : own[i];
            trouble[i] += static_cast<float>(z) * 0.0f;  // NaN as soon as one logit is not finite as a float32
        }
    for (int k = 0; k < classes; ++k) {
        double* e = logits + k * stride;
        for (int i = 0; i < LANES; ++i) e[i] -= most[i];
        exp_lanes(e);
        for (int i = 0; i < LANES; ++i) sum[i] += e[i], others[i] += label[i] == k ? 0.0 : e[i];
    }
    for (int k = 0; k < classes; ++k)
        for (int i = 0; i < LANES; ++i) {
            const double p = (label[i] == k ? -others[i] : logits[k * stride + i]) / sum[i];
            delta[k * stride + i] = label[i] < 0 ? 0.0f : static_cast<float>(p);
        }
    for (int i = 0; i < LANES; ++i) out.behind[i] = most[i] - own[i] + trouble[i], out.sum[i] = static_cast<float>(sum[i]);
    return out;
}

}  // namespace
}  // namespace digitlab
